"""hubspot-api-client's associations, pipelines, lists and types against the simulated portal:
hubspot_associations.py http://127.0.0.1:PORT"""

import sys

from hubspot import HubSpot
from hubspot.crm.associations.v4 import (
    AssociationSpec,
    BatchInputPublicAssociationMultiPost,
    BatchInputPublicFetchAssociationsBatchRequest,
)
from hubspot.crm.companies import SimplePublicObjectInputForCreate as NewCompany
from hubspot.crm.contacts import SimplePublicObjectInputForCreate as NewContact
from hubspot.crm.deals import SimplePublicObjectInputForCreate as NewDeal

from checks import check

BASE = sys.argv[1]
PRIMARY = 1


def associations(portal):
    contacts = portal.crm.contacts.basic_api
    companies = portal.crm.companies.basic_api
    ada = contacts.create(NewContact(properties={"email": "ada@alba.example", "lastname": "Rossi"})).id
    firms = [companies.create(NewCompany(properties={"name": name})).id for name in ("Alba", "Brera")]
    v4 = portal.crm.associations.v4
    v4.basic_api.create_default("contacts", ada, "companies", firms[0])
    label = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=PRIMARY)
    v4.basic_api.create("contacts", ada, "companies", firms[1], [label])

    page = v4.basic_api.get_page("contacts", ada, "companies", limit=100)
    found = {str(one.to_object_id): one for one in page.results}
    check("both companies are associated", set(found) == set(firms), found)
    primary = [
        firm
        for firm, one in found.items()
        if any(kind.type_id == PRIMARY for kind in one.association_types)
    ]
    check("one of them is the primary one", primary == [firms[1]], primary)
    back = v4.basic_api.get_page("companies", firms[1], "contacts", limit=100)
    check("it is seen from the other end", [str(one.to_object_id) for one in back.results] == [ada])

    wanted = BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": ada}])
    read = v4.batch_api.get_page("contacts", "companies", wanted)
    many = {str(one.to_object_id) for result in read.results for one in result.to}
    check("a batch is read", many == set(firms), read)
    links = [
        {
            "from": {"id": ada},
            "to": {"id": firms[0]},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": PRIMARY}],
        }
    ]
    made = v4.batch_api.create("contacts", "companies", BatchInputPublicAssociationMultiPost(inputs=links))
    check("a batch is written", made.status == "COMPLETE", made)
    page = v4.basic_api.get_page("contacts", ada, "companies", limit=100)
    primary = [
        str(one.to_object_id)
        for one in page.results
        if any(kind.type_id == PRIMARY for kind in one.association_types)
    ]
    check("the primary one has moved", primary == [firms[0]], primary)
    v4.basic_api.archive("contacts", ada, "companies", firms[1])
    page = v4.basic_api.get_page("contacts", ada, "companies", limit=100)
    check("one is taken away", [str(one.to_object_id) for one in page.results] == [firms[0]])
    labels = v4.schema.definitions_api.get_all("contacts", "companies").results
    check("the primary label is described", PRIMARY in {one.type_id for one in labels}, labels)
    return ada


def deals(portal, contact):
    pipelines = portal.crm.pipelines.pipelines_api.get_all("deals").results
    stages = {stage.id for stage in pipelines[0].stages}
    check("a pipeline has stages", {"qualifiedtobuy", "closedwon"} <= stages, stages)
    deal = portal.crm.deals.basic_api.create(
        NewDeal(
            properties={"dealname": "Alba", "dealstage": "qualifiedtobuy", "pipeline": pipelines[0].id},
            associations=[
                {
                    "to": {"id": contact},
                    "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}],
                }
            ],
        )
    )
    page = portal.crm.associations.v4.basic_api.get_page("deals", deal.id, "contacts", limit=100)
    check("a deal is born associated", [str(one.to_object_id) for one in page.results] == [contact])


def surroundings(portal):
    lists = portal.crm.lists.lists_api.do_search({"query": ""})
    check("lists are found", lists.total == len(lists.lists), lists)
    types = portal.crm.schemas.core_api.get_all(archived=False).results
    check("types of one's own are listed", isinstance(types, list), types)


if __name__ == "__main__":
    opened = HubSpot(access_token="pat-eu1-simulated", host=BASE, base_url=BASE)
    person = associations(opened)
    deals(opened, person)
    surroundings(opened)
    print("all checks passed")
