//! The host of a web address: what HubSpot calls a company's domain.

/// The host that `address` names, in small letters, without `www.`, port, path and login; the text
/// as it is, trimmed and in small letters, when it names none.
pub fn host(address: &str) -> String {
    let text = address.trim().to_lowercase();
    let rest = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = rest.split(':').next().unwrap_or_default();
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let rest = rest.trim_end_matches('.');
    if rest.is_empty() {
        text
    } else {
        rest.to_owned()
    }
}
