-- Calls spent: the exact log that the rolling window is summed over. A row goes 48 h after it left
-- the window.
drop table if exists calls;
create table calls (
  seq       integer primary key,            -- of calls_spent
  spent_at  integer not null,               -- Unix ms, our clock
  until     integer not null,               -- when it leaves the window, on that side's clock
  side      text not null,
  operation text not null,
  lane      text not null,
  object    text,
  calls     integer not null,
  records   integer not null,
  returned  integer not null default 0      -- given back, because no byte had left
) strict;
create index calls_by_until on calls (side, until);
create index calls_by_time on calls (spent_at);

-- What a side itself last said about its use.
drop table if exists usage;
create table usage (
  side text primary key,
  used integer not null,
  ceiling integer not null,
  seq  integer not null,
  at   integer not null                     -- Unix ms
) strict, without rowid;

-- Up to where each side's changes were read.
drop table if exists cursors;
create table cursors (
  side    text    not null,
  object  text    not null,
  stamp   integer not null,                 -- that side's clock
  id      text,                             -- of those modified at the stamp, read up to this one
  seq     integer not null,
  at      integer not null,                 -- when the cursor last moved, our clock
  records integer not null,                 -- read since the store was created
  primary key (side, object)
) strict, without rowid;
