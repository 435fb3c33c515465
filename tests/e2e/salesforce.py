"""simple-salesforce against the simulated org: salesforce.py http://127.0.0.1:PORT http://ADMIN"""

import json
import sys
from datetime import datetime, timedelta, timezone

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from checks import check, raises
from loopback import client, log_in

BASE, ADMIN = sys.argv[1], sys.argv[2]
KEY = "Syncline_HubSpot_Id__c"
CROWD = 2_500


def command(**order):
    answer = requests.post(ADMIN, json=order, timeout=10)
    answer.raise_for_status()
    return answer.json()


def code_of(error):
    return error.content[0]["errorCode"]


def logging_in():
    raises(
        "a wrong secret is refused",
        SalesforceAuthenticationFailed,
        lambda: client(BASE, secret="wrong"),
    )
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    by_jwt = log_in(BASE, username="syncline@acme.example", consumer_key="syncline-key", privatekey=pem)
    check("a signed assertion opens a session", by_jwt.limits()["DailyApiRequests"]["Max"] > 0)
    by_secret = client(BASE)
    check("client credentials open a session", bool(by_secret.session_id))
    return by_secret


def describing(org):
    names = {one["name"] for one in org.describe()["sobjects"]}
    check("the org lists its objects", {"Contact", "Account", "Lead"} <= names, names)
    fields = {field["name"]: field for field in org.Contact.describe()["fields"]}
    check("a contact's last name is required", fields["LastName"]["nillable"] is False)
    check("the id field is an external id", fields[KEY]["externalId"] and fields[KEY]["unique"])
    check("an object has metadata", org.Contact.metadata()["objectDescribe"]["keyPrefix"] == "003")
    check("the use of the limit is told", org.api_usage["api-usage"].used > 0, org.api_usage)


def single_rows(org):
    made = org.Contact.create({"LastName": "Rossi", "Email": "rossi@alba.example"})
    check("a row is created", made["success"] and len(made["id"]) == 18, made)
    row = org.Contact.get(made["id"])
    check("a row is read", (row["LastName"], row["Email"]) == ("Rossi", "rossi@alba.example"), row)
    check("a stamp has no colon in its offset", row["SystemModstamp"].endswith(".000+0000"), row)
    status = org.Contact.update(made["id"], {"FirstName": "Ada", "Email": None})
    row = org.Contact.get(made["id"])
    check("a row is updated", (status, row["FirstName"], row["Email"]) == (204, "Ada", None), row)

    place = f"{KEY}/146812345-1"
    check("an upsert creates", org.Contact.upsert(place, {"LastName": "Bianchi"}) == 201)
    check("an upsert updates", org.Contact.upsert(place, {"FirstName": "Bea"}) == 200)
    row = org.Contact.get_by_custom_id(KEY, "146812345-1")
    check("a row is found by its external id", row["Name"] == "Bea Bianchi", row)
    again = org.Contact.upsert(place, {"FirstName": "Bo"}, raw_response=True).json()
    check("an upsert says what it did", again["id"] == row["Id"] and not again["created"], again)

    check("a row is deleted", org.Contact.delete(row["Id"]) == 204)
    raises(
        "a deleted row is not found",
        SalesforceResourceNotFound,
        lambda: org.Contact.get(row["Id"]),
    )
    bin_of = format_soql("SELECT Id, IsDeleted FROM Contact WHERE Id = {}", row["Id"])
    check("a query passes over the bin", org.query(bin_of)["totalSize"] == 0)
    found = org.query(bin_of, include_deleted=True)["records"]
    check("queryAll looks into the bin", found and found[0]["IsDeleted"] is True, found)


def refusals(org):
    def refused(what, fields, code):
        raises(
            what,
            SalesforceMalformedRequest,
            lambda: org.Contact.create(fields),
            lambda error: code_of(error) == code,
        )

    refused("a missing last name is refused", {"FirstName": "Al"}, "REQUIRED_FIELD_MISSING")
    refused("a bad address is refused", {"LastName": "A", "Email": "a"}, "INVALID_EMAIL_ADDRESS")
    refused("a long title is refused", {"LastName": "A", "Title": "x" * 129}, "STRING_TOO_LONG")
    refused("an unknown field is refused", {"LastName": "A", "No__c": 1}, "INVALID_FIELD")
    raises(
        "a query that cannot be read is refused",
        SalesforceMalformedRequest,
        lambda: org.query("SELECT Id FROM Contact WHERE"),
        lambda error: code_of(error) == "MALFORMED_QUERY",
    )


def many_rows(org):
    def upsert(rows):
        body = json.dumps({"allOrNone": False, "records": rows})
        return org.restful(f"composite/sobjects/Contact/{KEY}", method="PATCH", data=body)

    def row(number):
        return {
            "attributes": {"type": "Contact"},
            KEY: f"146812345-{number}",
            "LastName": f"Member {number:04}",
            "Email": f"member.{number}@crowd.example",
        }

    answers = []
    for first in range(1_000, 1_000 + CROWD, 200):
        rows = [row(number) for number in range(first, min(first + 200, 1_000 + CROWD))]
        answers += upsert(rows)
    check("2,500 rows are upserted", all(one["success"] for one in answers), answers[:1])
    mixed = upsert([row(1_000), {"attributes": {"type": "Contact"}, KEY: "146812345-9"}])
    check(
        "a bad row fails alone",
        [one["success"] for one in mixed] == [True, False]
        and mixed[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING",
        mixed,
    )

    crowd = "SELECT Id, Email FROM Contact WHERE LastName LIKE 'Member %' ORDER BY SystemModstamp, Id"
    first = org.query(crowd)
    check(
        "a page holds 2,000 rows and names the next",
        len(first["records"]) == 2_000 and not first["done"] and first["totalSize"] == CROWD,
        (len(first["records"]), first["done"], first["totalSize"]),
    )
    everyone = org.query_all(crowd)["records"]
    check("all pages are read", len({one["Id"] for one in everyone}) == CROWD, len(everyone))
    lazily = sum(1 for _ in org.query_all_iter(crowd))
    check("all pages are read lazily", lazily == CROWD, lazily)
    locator = first["nextRecordsUrl"].rsplit("/", 1)[1]
    rest = org.query_more(locator)
    check("a locator alone names a page", len(rest["records"]) == CROWD - 2_000 and rest["done"])
    named = org.query("SELECT COUNT() FROM Contact WHERE Email = 'member.1234@crowd.example'")
    check("rows are counted", named["totalSize"] == 1, named)
    owned = org.query("SELECT Id, Owner.Email FROM Contact WHERE LastName = 'Member 1000'")
    owner = owned["records"][0]["Owner"]["Email"]
    check("a lookup is followed", owner == "syncline@acme.example", owned)


def composites(org):
    queries = [
        {
            "method": "GET",
            "url": f"/services/data/v66.0/query?q=SELECT+COUNT()+FROM+{name}",
            "referenceId": name,
        }
        for name in ("Account", "Contact", "Lead")
    ]
    body = json.dumps({"allOrNone": False, "collateSubrequests": False, "compositeRequest": queries})
    answer = org.restful("composite", method="POST", data=body)["compositeResponse"]
    counts = {one["referenceId"]: one["body"]["totalSize"] for one in answer}
    check("one composite asks three objects", counts["Contact"] > CROWD, counts)
    family = [
        {
            "method": "POST",
            "url": "/services/data/v66.0/sobjects/Account",
            "referenceId": "parent",
            "body": {"Name": "Alba Foods"},
        },
        {
            "method": "POST",
            "url": "/services/data/v66.0/sobjects/Contact",
            "referenceId": "child",
            "body": {"LastName": "Conti", "AccountId": "@{parent.id}"},
        },
    ]
    body = json.dumps({"allOrNone": True, "compositeRequest": family})
    answer = org.restful("composite", method="POST", data=body)["compositeResponse"]
    parent, child = (one["body"]["id"] for one in answer)
    row = org.Contact.get(child)
    check("a later part refers to an earlier one", row["AccountId"] == parent, row)


def changes(org):
    start = datetime.now(timezone.utc) - timedelta(hours=1)
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    updated = org.Contact.updated(start, end)
    check("updated rows are listed", len(updated["ids"]) > CROWD, len(updated["ids"]))
    deleted = org.Contact.deleted(start, end)
    check("deleted rows are listed", len(deleted["deletedRecords"]) == 1, deleted)
    command(side="salesforce", do="expire_sessions")
    check("an expired session is opened anew", org.limits()["DailyApiRequests"]["Remaining"] > 0)
    command(side="salesforce", do="expire_sessions")
    made = org.Contact.create({"LastName": "Vidal"})
    check("a write after an expired session happens once", made["success"], made)
    vidal = org.query("SELECT Id FROM Contact WHERE LastName = 'Vidal'")
    check("and only once", vidal["totalSize"] == 1, vidal)


if __name__ == "__main__":
    opened = logging_in()
    describing(opened)
    single_rows(opened)
    refusals(opened)
    many_rows(opened)
    composites(opened)
    changes(opened)
    print("all checks passed")
