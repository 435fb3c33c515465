-- Every record known, linked or not: derived from the journal.
drop table if exists pairs;
create table pairs (
  record     integer primary key,           -- pair number, never reused
  object     text not null,
  hubspot    text,                          -- ids; both null once absorbed
  salesforce text,
  state      text not null check (state in ('in_sync', 'failing', 'waiting', 'excluded', 'absorbed')),
  why        text,                          -- excluded: why
  absorbed_into integer,                    -- the number that goes on, once two halves became one
  created_on text,                          -- the side on which we made the record
  -- Sides on which the record is known to carry the other's id.
  hubspot_marked    integer not null default 0 check (hubspot_marked in (0, 1)),
  salesforce_marked integer not null default 0 check (salesforce_marked in (0, 1)),
  -- Answered attempts in that direction since the last success.
  attempts_to_hubspot    integer not null default 0,
  attempts_to_salesforce integer not null default 0,
  -- Our last write there, while that side has not yet shown the result: seq, span on that side's
  -- clock, fields written.
  hubspot_provisional    text,
  salesforce_provisional text,
  loop_field text,                          -- HubSpot's name of a field that swings; stops writes
  first_seq  integer not null,
  last_seq   integer not null,
  synced_at  integer,                       -- last success, Unix ms
  check ((state = 'absorbed') = (absorbed_into is not null))
) strict;
create unique index pairs_by_hubspot on pairs (object, hubspot);
create unique index pairs_by_salesforce on pairs (object, salesforce);
create index pairs_by_state on pairs (object, state);
create index pairs_absorbed on pairs (absorbed_into);
