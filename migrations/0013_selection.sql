-- What is kept in step and what is left out, as the CRMs say: read from them, and read again should
-- it be lost. Not a projection: a rebuild keeps it.

-- HubSpot's inclusion lists, one an object.
create table lists (
  object     text    primary key,
  configured text    not null,              -- the id or name that the configuration gives
  list       text,                          -- its id, once it was found
  joined     text,                          -- where the last page of its members begins, in the order of joining
  paged_at   integer,                       -- Unix ms, when all its members were last read; null before the first time
  apart      integer not null default 0,    -- members that HubSpot counted more than it showed then
  trouble    text,                          -- why the list is not believed now
  since      integer                        -- Unix ms, when that began
) strict, without rowid;

create table list_members (
  object text not null,
  id     text not null,
  primary key (object, id)
) strict, without rowid;

-- Conditions on Salesforce's records, one a form of an object.
create table conditions (
  form       text    primary key,
  object     text    not null,
  configured text,                          -- the condition that records were last asked by
  trouble    text,                          -- why Salesforce refuses it
  since      integer,                       -- Unix ms, when that began
  again_at   integer                        -- Unix ms, when it is asked again
) strict, without rowid;
