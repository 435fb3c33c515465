-- What mode observe would write of a row, as JSON: values of both CRMs, shown by `plan` and written
-- nowhere. It goes with its row.
alter table inbox add column plan text check (plan is null or json_valid(plan));
