-- What the last try of each prediction said, and when.
alter table forecasts add column last_accepted integer not null default 0;
alter table forecasts add column last_at integer not null default 0;   -- Unix ms
