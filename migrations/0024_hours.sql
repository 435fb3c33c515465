-- Sums by hour of what is folded away after two days. They hold all calls, folded or not, so that a
-- fold changes none of them.

-- Calls by the hour in which they were spent, on that side's clock.
drop table if exists call_hours;
create table call_hours (
  side      text    not null,
  hour      integer not null,               -- Unix ms / 3,600,000
  lane      text    not null,
  operation text    not null,
  object    text    not null,               -- '' for what concerns several
  calls     integer not null,               -- less those given back
  records   integer not null,
  primary key (side, hour, lane, operation, object)
) strict, without rowid;

-- The most a side said was used by everybody.
drop table if exists usage_hours;
create table usage_hours (
  side    text    not null,
  hour    integer not null,                 -- Unix ms / 3,600,000, our clock
  used    integer not null,
  ceiling integer not null,
  primary key (side, hour)
) strict, without rowid;
