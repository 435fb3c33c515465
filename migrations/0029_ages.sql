-- Open errors of a group by the hour in which they were first seen, so that counting by age does
-- not go over them.
drop table if exists error_hours;
create table error_hours (
  cause  integer not null,
  type   text    not null,
  known  text    not null,
  hour   integer not null,                  -- Unix ms / 3,600,000
  errors integer not null,
  primary key (cause, type, known, hour)
) strict, without rowid;
