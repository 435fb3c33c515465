"""hubspot-api-client against the simulated portal: hubspot_portal.py http://127.0.0.1:PORT"""

import sys
import time

from hubspot import HubSpot
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInput,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchInputSimplePublicObjectId,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicMergeInput,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)

from checks import check, raises

BASE = sys.argv[1]
CROWD = 250
ID_PROPERTY = "syncline_salesforce_id"


def client(token="pat-eu1-simulated"):
    return HubSpot(access_token=token, host=BASE, base_url=BASE)


def new(**properties):
    return SimplePublicObjectInputForCreate(properties=properties)


def refused(what, status, action, word):
    raises(
        what,
        ApiException,
        action,
        lambda error: error.status == status and word in error.body,
    )


def single_records(portal):
    contacts = portal.crm.contacts.basic_api
    made = contacts.create(new(email="Rossi@Alba.example", firstname="Ada", lastname="Rossi"))
    check("a contact is created", made.id.isdigit() and not made.archived, made)
    check("an address is kept in small letters", made.properties["email"] == "rossi@alba.example")
    read = contacts.get_by_id(made.id, properties=["lastname", "phone"], archived=False)
    check("a contact is read", read.properties["lastname"] == "Rossi", read.properties)
    check("a property without a value is null", read.properties["phone"] is None, read.properties)
    by_email = contacts.get_by_id("rossi@alba.example", id_property="email")
    check("a contact is found by its address", by_email.id == made.id, by_email.id)
    patch = SimplePublicObjectInput(properties={"phone": "+39 02 555 0001"})
    changed = contacts.update(made.id, patch)
    check("a contact is updated", changed.properties["phone"] == "+39 02 555 0001")
    check("an update moves the stamp", changed.updated_at >= made.updated_at)
    history = contacts.get_by_id(made.id, properties_with_history=["phone"])
    versions = history.properties_with_history["phone"]
    check("a value has a history", versions[0].source_type == "INTEGRATION", versions)

    refused("a taken address conflicts", 409, lambda: contacts.create(
        new(email="rossi@alba.example")), f"Existing ID: {made.id}")
    refused("a bad address is refused", 400, lambda: contacts.create(
        new(email="rossi@alba.con")), "INVALID_EMAIL")
    refused("an unknown property is refused", 400, lambda: contacts.create(
        new(email="x@alba.example", nothing="1")), "PROPERTY_DOESNT_EXIST")
    refused("a bad option is refused", 400, lambda: contacts.create(
        new(email="x@alba.example", customer_tier="tin")), "INVALID_OPTION")
    refused("a contact that is not there is not found", 404, lambda: contacts.get_by_id(
        "1"), "OBJECT_NOT_FOUND")
    refused("a wrong token is refused", 401, lambda: client("pat-eu1-wrong").crm.contacts
            .basic_api.get_by_id(made.id), "INVALID_AUTHENTICATION")

    contacts.archive(made.id)
    refused("an archived contact is not found", 404, lambda: contacts.get_by_id(made.id), "")
    bin_of = contacts.get_page(archived=True)
    check("archived contacts are listed", [one.id for one in bin_of.results] == [made.id])
    check("an archived contact says so", bin_of.results[0].archived is True)


def batches(portal):
    batch = portal.crm.contacts.batch_api
    ids = []
    for first in range(0, CROWD, 100):
        inputs = [
            new(email=f"member.{number}@crowd.example", lastname=f"Member {number:04}")
            for number in range(first, min(first + 100, CROWD))
        ]
        answer = batch.create(BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs))
        check("a batch is complete", answer.status == "COMPLETE", answer.status)
        ids += [one.id for one in answer.results]
    check("250 contacts are created", len(set(ids)) == CROWD, len(ids))

    addresses = [{"id": f"member.{number}@crowd.example"} for number in range(100)]
    wanted = BatchReadInputSimplePublicObjectId(
        id_property="email",
        inputs=addresses,
        properties=["email", "lastname"],
        properties_with_history=[],
    )
    read = batch.read(wanted)
    check("100 contacts are read by address", len(read.results) == 100, len(read.results))
    wanted.inputs = [{"id": "member.7@crowd.example"}, {"id": "nobody@crowd.example"}]
    part = batch.read(wanted)
    check("who is missing is told", len(part.results) == 1 and part.num_errors == 1, part)

    changes = [{"id": one, "properties": {"city": "Rome"}} for one in ids[:3]]
    changed = batch.update(BatchInputSimplePublicObjectBatchInput(inputs=changes))
    cities = {one.properties["city"] for one in changed.results}
    check("a batch is updated", len(changed.results) == 3 and cities == {"Rome"}, cities)

    def upsert(last):
        inputs = [{
            "id": "003Qy0000000001AAA",
            "idProperty": ID_PROPERTY,
            "properties": {"lastname": last, "email": "upserted@crowd.example"},
        }]
        body = BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
        return batch.upsert(body).results[0]

    first, second = upsert("First"), upsert("Second")
    check("an upsert creates, then updates", (first.new, second.new) == (True, False))
    check("an upsert keeps the record", first.id == second.id, (first.id, second.id))
    check("an upsert writes", second.properties["lastname"] == "Second", second.properties)

    batch.archive(BatchInputSimplePublicObjectId(inputs=[{"id": first.id}]))
    left = portal.crm.contacts.get_all()
    check("all pages are listed", len({one.id for one in left}) == CROWD, len(left))
    return ids


def searches(portal):
    def page(after=None):
        request = PublicObjectSearchRequest(
            filter_groups=[FilterGroup(filters=[
                Filter(property_name="lastmodifieddate", operator="GTE", value="0"),
                Filter(property_name="lastname", operator="CONTAINS_TOKEN", value="Member*"),
            ])],
            sorts=[{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}],
            properties=["email"],
            limit=100,
            after=after,
        )
        time.sleep(0.25)  # Four searches a second: five are allowed.
        return portal.crm.contacts.search_api.do_search(request)

    found, after = [], None
    while True:
        answer = page(after)
        found += answer.results
        if answer.paging is None:
            break
        after = answer.paging.next.after
    check("a search tells its total", answer.total == CROWD, answer.total)
    check("all pages are found", len({one.id for one in found}) == CROWD, len(found))
    stamps = [one.updated_at for one in found]
    check("a search is in order", stamps == sorted(stamps))
    refused("a search for nothing known is refused", 400, lambda: portal.crm.contacts.search_api
            .do_search(PublicObjectSearchRequest(filter_groups=[FilterGroup(filters=[
                Filter(property_name="nothing", operator="EQ", value="1")])])), "nothing")


def merges(portal, ids):
    contacts = portal.crm.contacts.basic_api
    merged = contacts.merge(PublicMergeInput(primary_object_id=ids[0], object_id_to_merge=ids[1]))
    check("a merge makes a third record", merged.id not in ids[:2], merged.id)
    for old in ids[:2]:
        check("an old id leads to it", contacts.get_by_id(old).id == merged.id)


def surroundings(portal):
    properties = portal.crm.properties.core_api.get_all("contacts").results
    known = {one.name: one for one in properties}
    check("properties are described", known["email"].type == "string", sorted(known))
    check("the id property is unique", known[ID_PROPERTY].has_unique_value is True)
    tiers = [option.value for option in known["customer_tier"].options]
    check("options are described", "gold" in tiers, tiers)
    owners = portal.crm.owners.owners_api.get_page(limit=100).results
    check("owners are listed", len(owners) >= 2 and all(one.email for one in owners), owners)
    account = portal.api_request({"path": "/account-info/v3/details"}).json()
    check("the account is told", account["portalId"] == 146_812_345, account)
    token = portal.oauth.tokens_api.create(
        grant_type="refresh_token",
        refresh_token="eu1-simulated-refresh",
        client_id="simulated-client",
        client_secret="simulated-secret",
    )
    check("a refresh token opens access", token.expires_in == 1_800, token)
    by_oauth = client(token.access_token).crm.contacts.basic_api.get_page(limit=1)
    check("the access token lets in", len(by_oauth.results) == 1, by_oauth)


if __name__ == "__main__":
    opened = client()
    single_records(opened)
    members = batches(opened)
    searches(opened)
    merges(opened, members)
    surroundings(opened)
    print("all checks passed")
