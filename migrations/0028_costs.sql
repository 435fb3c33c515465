-- What causes cost: answers that refused a record, by hour of our clock.
drop table if exists costs;
create table costs (
  hour    integer not null,                 -- Unix ms / 3,600,000
  cause   integer not null,
  records integer not null,                 -- answers that named it, one a record and try
  calls   integer not null,                 -- calls that brought them, where a call did
  call    integer,                          -- the last of these
  primary key (hour, cause)
) strict, without rowid;
