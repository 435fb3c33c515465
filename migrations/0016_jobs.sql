-- Jobs of the Bulk API: derived from the journal.
drop table if exists jobs;
create table jobs (
  job       integer primary key,            -- seq of job_intended
  object    text    not null,
  form      text    not null,               -- name of the mapping
  operation text    not null,
  lane      text    not null,
  parcel    integer not null,               -- whose rows it carries
  rows      integer not null,
  since     integer not null,               -- Salesforce's clock when it was intended
  id        text,                           -- Salesforce's id, once it is known
  state     text    not null,
  uploaded_at integer,                      -- Salesforce's clock when it had its rows: none is touched before
  ended     text,                           -- how it ended, once its rows are concluded
  ended_at  integer,                        -- Salesforce's clock when its end was seen
  processed integer not null default 0,
  refused   integer not null default 0,
  at        integer not null                -- Unix ms, ours: when it last moved
) strict;
create index jobs_by_parcel on jobs (parcel);
create index jobs_by_kind on jobs (form, operation);
