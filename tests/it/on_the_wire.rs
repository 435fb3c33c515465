//! What stands between a client and the simulator when no socket does.

use syncline::crm::http::{HttpRequest, HttpResponse};
use syncline::crm::hubspot::{ApiVersion, BASE, HubSpotSettings};
use syncline::crm::salesforce::SalesforceSettings;
use syncline::crm::token::{SalesforceCredentials, Secret};
use syncline::simulator::{hubspot, salesforce, wire};

/// A request as a server gets it: without the host.
pub(crate) fn request(request: &HttpRequest) -> wire::Request {
    let url = request.url.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = request.headers.iter();
    wire::Request {
        method: request.method.name().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        body: request.body.clone().unwrap_or_default(),
    }
}

/// An answer as a client gets it.
pub(crate) fn answer(answer: wire::Response) -> HttpResponse {
    HttpResponse {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    }
}

/// A client of the portal as it is delivered.
pub(crate) fn hubspot() -> HubSpotSettings {
    HubSpotSettings {
        base: BASE.to_owned(),
        api_version: ApiVersion::default(),
        token: Secret::new(&hubspot::Settings::default().token),
    }
}

/// A client of such an org.
pub(crate) fn salesforce(org: &salesforce::Settings) -> SalesforceSettings {
    SalesforceSettings {
        login: org.instance_url.clone(),
        api_version: None,
        client_id: org.client_id.clone(),
        credentials: SalesforceCredentials::ClientCredentials {
            secret: Secret::new(&org.client_secret),
        },
    }
}
