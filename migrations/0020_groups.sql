-- Open errors counted by what people ask for, so that no list and no sum looks at all of them.
drop index if exists errors_by_cause;
drop index if exists errors_by_type;
drop index if exists errors_by_age;
create index errors_by_group on errors (cause, type, known, record, side, field, code, rule);
create index errors_by_age on errors (cause, type, known, first_at, record, side, field, code, rule);

-- Errors of one cause that have one type and are known in one way: every filter but age picks
-- whole groups.
drop table if exists error_groups;
create table error_groups (
  cause  integer not null,
  type   text    not null,
  known  text    not null,
  object text    not null,
  side   text    not null,                  -- the side that was to be written
  errors integer not null,
  primary key (cause, type, known)
) strict, without rowid;

-- Records with an error of a type.
drop table if exists error_types;
create table error_types (
  type    text    not null,
  object  text    not null,
  records integer not null,
  primary key (type, object)
) strict, without rowid;

-- Records with an error, those that only wait for a parent left out.
drop table if exists error_totals;
create table error_totals (
  only    integer primary key check (only = 1),
  records integer not null,
  several integer not null                  -- records with more than one
) strict;
insert into error_totals (only, records, several) values (1, 0, 0);

-- What errors of one cause say, and the values they name, with how many do.
drop table if exists sayings;
create table sayings (
  cause  integer not null,
  part   text    not null check (part in ('text', 'value')),
  key    text    not null,                  -- into texts
  errors integer not null,
  seq    integer not null,                  -- the entry that last added one
  primary key (cause, part, key)
) strict, without rowid;
create index sayings_by_errors on sayings (cause, part, errors, seq);
