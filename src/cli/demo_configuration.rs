//! The configuration the demo writes beside its store: as small as a user's, public keys only.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::clock::{Clock, SystemClock};
use crate::simulator::shell::Running;
use crate::simulator::{Simulator, demo as data, salesforce};

/// Calls the demo allows itself in any 24 h.
const ALLOCATION: u64 = 20_000;

/// The daily digest comes this long after the start.
const DIGEST_AFTER_MS: i64 = 20_000;

/// A configuration as small as a user's, with short waits and loopback addresses.
pub(super) fn write_configuration(
    folder: &Path,
    servers: &Running,
    mail: SocketAddr,
    simulator: &Mutex<Simulator>,
) -> std::io::Result<()> {
    let (portal, token) = {
        let simulator = simulator.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = simulator.hubspot.settings();
        (settings.portal_id, settings.token.clone())
    };
    let org = salesforce::Settings::default();
    let text = format!(
        r#"# Written by "syncline demo"; public keys only.
name = "demo"
zone = "UTC"
store = "{folder}/store"
control = "{folder}/store/control.sock"

[hubspot]
portal = {portal}
url = "http://{hubspot}"

[salesforce]
org = "{org}"
login = "http://{salesforce}"
auth = "client-credentials"
client_id = "{client}"

[budget]
allocation = {ALLOCATION}

[sync]
mode = "sync"
poll_sec = 2

[limits]
hubspot_index_lag_sec = 5
listing_sec = 30

{mapping}
[mail]
smtp = "smtp://{mail}"
from = "Syncline <syncline@demo.example>"
gather_sec = 2

[[notify]]
to = "revops@demo.example"
cron = "{digest}"                # once a day, the first one soon after the start

[[notify]]
to = "salesforce-admin@demo.example"
immediately = true
who_fixes = ["salesforce-admin"]
"#,
        folder = folder.display(),
        hubspot = servers.hubspot,
        salesforce = servers.salesforce,
        org = org.org_id,
        client = org.client_id,
        mapping = data::mapping_toml(),
        digest = digest_time(),
    );
    fs::write(folder.join("syncline.toml"), text)?;
    for (name, secret) in [
        ("hubspot_token", token),
        ("salesforce_secret", org.client_secret),
    ] {
        let path = folder.join("credentials").join(name);
        fs::write(&path, secret)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// The time of day, to the second and in UTC, at which the demo's daily digest is due.
fn digest_time() -> String {
    let due = SystemClock::new().now().plus(DIGEST_AFTER_MS).0 / 1_000;
    format!("{} {} {} * * *", due % 60, due / 60 % 60, due / 3_600 % 24)
}
