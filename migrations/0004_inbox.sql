-- What was read and is not yet concluded: one row per record.
create table inbox (
  number     integer primary key,           -- order of arrival
  side       text    not null,
  object     text    not null,
  id         text    not null,
  stamp      integer not null,              -- last modification as seen, by that side's clock
  seen_at    integer not null,              -- when we saw it, by ours; an old one is read again before it is written
  lane       text    not null,
  state      text    not null check (state in ('ready', 'deferred', 'waiting', 'held', 'in_flight', 'would_write')),
  not_before integer not null default 0,    -- Unix ms
  pair       integer,                       -- pair number when it was last taken
  parent     text,                          -- what a waiting row waits for: object/side/id
  hold       integer,                       -- the hold it belongs to; kept when approved
  ask        integer,                       -- seq of the resync it serves
  -- A sighting while in flight, or null. It makes the row ready again when the attempt is concluded.
  again_stamp      integer,
  again_lane       text,
  again_not_before integer,
  unique (side, object, id)
) strict;

-- One in flight per pair, whatever the lane.
create unique index inbox_in_flight on inbox (pair) where state = 'in_flight';

-- What may be taken, by lane and time.
create index inbox_by_state on inbox (state, lane, not_before);
create index inbox_by_parent on inbox (parent);
create index inbox_by_hold on inbox (hold);

-- Writes on their way: what to journal should the answer be lost and the effect be found.
create table intents (
  number integer not null,                  -- of the row the write serves
  side   text    not null,                  -- the side written to
  intent text    not null check (json_valid(intent)),
  primary key (number, side)
) strict, without rowid;

create trigger intents_end_with_their_row after delete on inbox begin
  delete from intents where number = old.number;
end;

-- What was read lately, so that a listing tells a late commit from a known one.
create table seen (
  side   text    not null,
  object text    not null,
  id     text    not null,
  stamp  integer not null,
  at     integer not null,                  -- when it was read, by our clock; rows older than an hour are pruned
  primary key (side, object, id, stamp)
) strict, without rowid;
create index seen_by_age on seen (at);
