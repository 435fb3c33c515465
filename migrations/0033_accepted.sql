-- A person may accept that an inclusion list shrank beyond the guard: so many had left when the list
-- stopped being believed, and as many may leave by a person's word.
alter table lists add column shrunk integer;
alter table lists add column accepted integer;

-- What to do about a list or condition that is not believed.
alter table lists add column remedy text;
alter table conditions add column remedy text;
