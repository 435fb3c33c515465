-- Planned writes that the guard stopped.
drop table if exists holds;
create table holds (
  number  integer primary key,              -- H-7
  object  text not null,
  side    text not null,                    -- the side that was to be written
  action  text not null,
  records integer not null,                 -- members when last told
  bound   integer not null,                 -- the limit that was passed
  field   text,                             -- the one field that all members concern
  opened_seq integer not null,
  opened_at  integer not null,              -- Unix ms
  settled_seq integer,
  settled_at  integer,
  approved   integer check (approved in (0, 1)),
  settled_records integer
) strict;
create unique index holds_open on holds (object, side, action) where settled_seq is null;

-- Writes of the last two days by minute, for the guard.
drop table if exists writes;
create table writes (
  minute  integer not null,                 -- Unix minutes
  object  text    not null,
  side    text    not null,
  action  text    not null,
  records integer not null,
  primary key (minute, object, side, action)
) strict, without rowid;
