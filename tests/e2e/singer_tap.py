"""tap-salesforce, which warehouses read Salesforce with, against the simulated org:
singer_tap.py http://127.0.0.1:PORT"""

import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import requests
import tap_salesforce
from singer import metadata

from checks import check
from loopback import ToLoopback, client

BASE = sys.argv[1]
CROWD = 2_500
STREAMS = ("Account", "Contact")


def led_to_loopback():
    """The tap opens its own session: every session that opens from now on goes to the simulator."""
    opened = requests.Session.__init__

    def opening(session, *arguments, **options):
        opened(session, *arguments, **options)
        session.mount("https://", ToLoopback(BASE))

    requests.Session.__init__ = opening


def tap(folder, *arguments):
    """What the tap writes, as messages."""
    config = folder / "config.json"
    config.write_text(json.dumps({
        "refresh_token": "syncline-refresh",
        "client_id": "syncline-key",
        "client_secret": "syncline-secret",
        "start_date": "2020-01-01T00:00:00Z",
        "api_type": "REST",
        "select_fields_by_default": True,
    }))
    said = io.StringIO()
    sys.argv = ["tap-salesforce", "--config", str(config), *arguments]
    tap_salesforce.CONFIG.clear()
    with contextlib.redirect_stdout(said):
        tap_salesforce.main_impl()
    return said.getvalue()


def people(org):
    rows = [{"LastName": f"Member {number:04}"} for number in range(CROWD)]
    body = [{"attributes": {"type": "Contact"}, **row} for row in rows]
    for first in range(0, CROWD, 200):
        order = json.dumps({"allOrNone": False, "records": body[first:first + 200]})
        org.restful("composite/sobjects", method="POST", data=order)
    org.Account.create({"Name": "Alba"})
    gone = org.query("SELECT Id FROM Contact WHERE LastName = 'Member 0000'")["records"][0]["Id"]
    org.Contact.delete(gone)
    # Stamps are whole seconds: the last one stands alone, and the tap goes on from it.
    time.sleep(1.5)
    org.Contact.create({"LastName": "Last"})
    return gone


if __name__ == "__main__":
    gone = people(client(BASE))
    led_to_loopback()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        catalog = json.loads(tap(folder, "--discover"))
        streams = {one["stream"]: one for one in catalog["streams"]}
        check("it discovers the objects", set(STREAMS) <= set(streams), sorted(streams))
        for one in catalog["streams"]:
            chosen = metadata.to_map(one["metadata"])
            chosen = metadata.write(chosen, (), "selected", one["stream"] in STREAMS)
            chosen = metadata.write(chosen, (), "replication-method", "INCREMENTAL")
            chosen = metadata.write(chosen, (), "replication-key", "SystemModstamp")
            one["metadata"] = metadata.to_list(chosen)
        (folder / "catalog.json").write_text(json.dumps(catalog))
        lines = tap(folder, "--properties", str(folder / "catalog.json")).splitlines()
        messages = [json.loads(line) for line in lines]
        rows = [one for one in messages if one["type"] == "RECORD"]
        contacts = {one["record"]["Id"]: one["record"] for one in rows if one["stream"] == "Contact"}
        check("it reads every page", len(contacts) == CROWD + 1, len(contacts))
        check("it sees who was deleted", contacts[gone]["IsDeleted"] is True, contacts[gone])
        accounts = [one["record"]["Name"] for one in rows if one["stream"] == "Account"]
        check("it reads the other object", accounts == ["Alba"], accounts)
        states = [one["value"] for one in messages if one["type"] == "STATE"]
        mark = states[-1]["bookmarks"]["Contact"]["SystemModstamp"]
        check("it keeps where it stands", mark.startswith("20"), states[-1])
        (folder / "state.json").write_text(json.dumps(states[-1]))
        later = tap(
            folder,
            "--properties", str(folder / "catalog.json"),
            "--state", str(folder / "state.json"),
        )
        again = [json.loads(line) for line in later.splitlines() if '"RECORD"' in line]
        names = {one["record"].get("LastName", "an account") for one in again}
        check("it goes on from there", names <= {"Last", "an account"}, names)
    print("all checks passed")
