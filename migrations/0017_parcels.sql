-- Rows on their way into Salesforce by jobs of the Bulk API. Not projections: they hold what is to be
-- written, and go with each row's conclusion.

-- A row of the inbox stays in flight while it is in a parcel, also over a restart.
alter table inbox add column parcel integer;
create index inbox_by_parcel on inbox (parcel) where parcel is not null;

-- One run of parcels of one object, from the first row packed to the last one concluded.
create table loads (
  object   text    primary key,
  began_at integer not null,                -- Unix ms
  done     integer not null default 0,      -- rows concluded
  refused  integer not null default 0,      -- of these, refused
  jobs     integer not null default 0       -- jobs that were over
) strict, without rowid;

create table parcels (
  number    integer primary key autoincrement, -- never used again: the journal names it
  object    text    not null,
  form      text    not null,
  operation text    not null,
  lane      text    not null,
  columns   text    not null check (json_valid(columns)), -- every field that one of its rows sets
  rows      integer not null default 0,
  bytes     integer not null default 0,     -- of its rows as lines of a file
  opened_at integer not null,               -- Unix ms
  packed_at integer not null,               -- when its last row came
  closed    integer not null default 0 check (closed in (0, 1)) -- no row is added any more
) strict;
create unique index parcels_open on parcels (form, operation, lane) where closed = 0;

create table parcel_rows (
  parcel  integer not null,
  key     text    not null,                 -- what its result will name it by: external id, or id
  parent  text    not null,                 -- the record it belongs to: rows of one parent go together
  object  text    not null,
  hubspot text    not null,                 -- the record across
  inbox   integer,                          -- number of the row it serves; none for an id alone
  match_key text,                           -- what others would be found by that have the same key
  attempt text    not null check (json_valid(attempt)),
  primary key (parcel, key)
) strict, without rowid;
create index parcel_rows_in_order on parcel_rows (parcel, parent, key);
create unique index parcel_rows_by_record on parcel_rows (object, hubspot);
create index parcel_rows_by_match_key on parcel_rows (object, match_key) where match_key is not null;
create index parcel_rows_by_row on parcel_rows (inbox) where inbox is not null;
