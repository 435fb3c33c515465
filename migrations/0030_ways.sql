-- How long changes took from one side to the other, kept by blocks of seq.
drop table if exists ways;
create table ways (
  block   integer primary key,              -- seq / 256
  slowest integer not null                  -- milliseconds
) strict;
