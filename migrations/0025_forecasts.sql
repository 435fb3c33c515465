-- Predicted failures that were sent all the same, and how many of them the other side accepted.
drop table if exists forecasts;
create table forecasts (
  side     text    not null,                -- the side that was written
  object   text    not null,
  code     text    not null,                -- raw, as predicted
  field    text    not null,                -- by the target's name; '' when none is named
  sent     integer not null,
  accepted integer not null check (accepted between 0 and sent),
  last_seq integer not null,                -- the entry that last added one
  primary key (side, object, code, field)
) strict, without rowid;
