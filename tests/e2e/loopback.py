"""Libraries that know https://….salesforce.com only are led to the simulated org instead."""

from urllib.parse import urlsplit

import requests
from simple_salesforce import Salesforce


class ToLoopback(requests.adapters.HTTPAdapter):
    """Every request goes to `base`, whatever host it names."""

    def __init__(self, base):
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request, **options):
        there = urlsplit(request.url)
        request.url = there._replace(
            scheme=self.base.scheme, netloc=self.base.netloc
        ).geturl()
        request.headers["Host"] = self.base.netloc
        return super().send(request, **options)


def session(base):
    opened = requests.Session()
    opened.mount("https://", ToLoopback(base))
    return opened


def log_in(base, **credentials):
    return Salesforce(session=session(base), version="66.0", **credentials)


def client(base, secret="syncline-secret"):
    return log_in(base, consumer_key="syncline-key", consumer_secret=secret, domain="acme.my")
