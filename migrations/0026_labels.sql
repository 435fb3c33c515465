-- Which entry last told of an error of a cause: its failure says what the cause is called by
-- another catalogue.
alter table causes add column last_seq integer; -- null before the first
