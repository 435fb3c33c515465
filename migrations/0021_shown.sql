-- What stands beside the inbox and the journal for records that fail, and for what HubSpot shows.

-- The last write that the other side refused for a record: the same one is not sent again because
-- something else of the record was touched.
create table refusals (
  side   text    not null,
  object text    not null,
  id     text    not null,
  print  integer not null,                  -- keyed hash of the write
  primary key (side, object, id)
) strict, without rowid;

-- What the properties syncline_state and syncline_cause of a HubSpot record say.
create table shown (
  object  text    not null,
  id      text    not null,                 -- HubSpot's
  says    integer not null,                 -- keyed hash of both texts
  pressed integer not null default 0 check (pressed in (0, 1)), -- syncline_resync is to be emptied
  primary key (object, id)
) strict, without rowid;
create index shown_pressed on shown (object) where pressed = 1;

-- Up to which entry of the journal the records were looked at; no row before the first look.
create table shown_until (
  only integer primary key check (only = 1),
  seq  integer not null
) strict;
