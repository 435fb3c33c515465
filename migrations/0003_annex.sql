-- What stands beside the journal, and can be erased: it never holds what is in here.

-- Names of records, for people.
create table labels (
  side   text not null,
  object text not null,
  id     text not null,
  label  text not null,
  primary key (side, object, id)
) strict, without rowid;

-- Messages, refused values, names of rules and notes, by keyed hash. An erased one keeps its row.
create table texts (
  key  text primary key,
  text text                                 -- null once erased
) strict, without rowid;

-- Mails as they went or will go out: zlib over the bytes.
create table mails (
  key   text primary key,
  bytes blob not null
) strict, without rowid;

-- Addresses. The journal holds the key.
create table recipients (
  recipient integer primary key autoincrement,
  address   text unique                     -- null once erased
) strict;

-- Schemas as last described, so that a start spends no calls on them.
create table schema_cache (
  side    text not null,
  object  text not null,
  read_at integer not null,                 -- Unix ms
  schema  text not null check (json_valid(schema)),
  primary key (side, object)
) strict, without rowid;
