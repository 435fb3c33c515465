"""simple-salesforce's Bulk API 2.0 against the simulated org: salesforce_bulk.py http://127.0.0.1:PORT"""

import csv
import io
import sys

from checks import check
from loopback import client

BASE = sys.argv[1]
KEY = "Syncline_HubSpot_Id__c"
CROWD = 2_500
AWKWARD = 'Quote " and comma, and\nsecond line'


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def loads(org):
    bulk = org.bulk2.Contact
    records = [
        {
            KEY: f"146812345-{number}",
            "LastName": f"Member {number:04}",
            "Email": f"member.{number}@crowd.example",
            "Description": AWKWARD,
        }
        for number in range(CROWD)
    ]
    records[7]["Email"] = "no address"
    records[8]["LastName"] = ""
    jobs = bulk.upsert(records=records, external_id_field=KEY, wait=1)
    check("one job takes them all", len(jobs) == 1, jobs)
    [job] = jobs
    check(
        "a job counts what it did",
        (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (CROWD, 2),
        job,
    )
    made = rows_of(bulk.get_successful_records(job["job_id"]))
    check("every good row has an id", len({one["sf__Id"] for one in made}) == CROWD - 2, len(made))
    check("and was created", all(one["sf__Created"] == "true" for one in made), made[:1])
    check("an awkward text comes back whole", made[0]["Description"] == AWKWARD, made[0])
    failed = {one[KEY]: one["sf__Error"] for one in rows_of(bulk.get_failed_records(job["job_id"]))}
    check("a bad address is told", "INVALID_EMAIL_ADDRESS" in failed["146812345-7"], failed)
    check("a missing name is told", "REQUIRED_FIELD_MISSING" in failed["146812345-8"], failed)
    check("nothing was left over", rows_of(bulk.get_unprocessed_records(job["job_id"])) == [])

    again = bulk.upsert(records=records[:5], external_id_field=KEY, wait=1)
    seen = rows_of(bulk.get_successful_records(again[0]["job_id"]))
    check("a second upsert updates", {one["sf__Created"] for one in seen} == {"false"}, seen)
    there = {one["sf__Id"] for one in made}
    check("the same rows", {one["sf__Id"] for one in seen} <= there, seen)

    changes = [{"Id": one["sf__Id"], "FirstName": "Ada"} for one in seen]
    job = bulk.update(records=changes, wait=1)[0]
    check("rows are updated", job["numberRecordsFailed"] == 0, job)
    parcels = bulk.update(records=changes, batch_size=2, wait=1)
    check("a file may be cut into parcels", len(parcels) == 3, parcels)
    job = bulk.delete(records=[{"Id": changes[0]["Id"]}], wait=1)[0]
    check("a row is deleted", job["numberRecordsFailed"] == 0, job)


def queries(org):
    crowd = "SELECT Id, LastName, Description FROM Contact WHERE LastName LIKE 'Member %'"
    pages = [rows_of(page) for page in org.bulk2.Contact.query(crowd, max_records=1_000, wait=1)]
    check("locators lead from page to page", [len(page) for page in pages] == [1_000, 1_000, 497])
    ids = {row["Id"] for page in pages for row in page}
    check("no row comes twice", len(ids) == CROWD - 3, len(ids))
    check("a cell may hold lines", pages[0][0]["Description"] == AWKWARD, pages[0][0])
    dead = "SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true"
    [bin_of] = [rows_of(page) for page in org.bulk2.Contact.query_all(dead, wait=1)]
    check("queryAll looks into the bin", [row["IsDeleted"] for row in bin_of] == ["true"], bin_of)
    none = "SELECT Id FROM Contact WHERE LastName = 'Nobody'"
    [empty] = [rows_of(page) for page in org.bulk2.Contact.query(none, wait=1)]
    check("a query may find nobody", empty == [], empty)


if __name__ == "__main__":
    opened = client(BASE)
    loads(opened)
    queries(opened)
    print("all checks passed")
