//! What `check` learns of both accounts: by asking them when no daemon runs, from what the daemon
//! read last when one does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::apply;
use crate::annex;
use crate::clock::Clock;
use crate::config::{Config, Credentials};
use crate::crm::http::{BODY_MAX, HttpTransport};
use crate::crm::hubspot::HubSpot;
use crate::crm::salesforce::Salesforce;
use crate::domain::mapping::Mapping;
use crate::domain::record::Side;
use crate::domain::schema::ObjectSchema;
use crate::store::Store;
use crate::sync::{Context, Inspection};

/// A person waits for the answer: shorter than the daemon's patience.
const PATIENCE: Duration = Duration::from_secs(30);

/// A look at both accounts, with its calls journaled in `store`. A store that was never told an
/// allocation is told the configuration's, which governs these calls as any others.
pub async fn inspection(
    store: &Arc<Store>,
    clock: Arc<dyn Clock>,
    config: &Config,
    credentials: &Credentials,
) -> anyhow::Result<Inspection> {
    apply::first_allocation(store, config).await?;
    let transport = HttpTransport::with_limits(PATIENCE, BODY_MAX).context("preparing HTTP")?;
    let transport = Arc::new(transport);
    let hubspot = HubSpot::new(transport.clone(), apply::hubspot(config, credentials));
    let salesforce = Salesforce::new(transport, apply::salesforce(config, credentials)?);
    let settings = apply::sync(config);
    let context = Context::new(Arc::clone(store), clock, hubspot, salesforce, settings)?;
    Ok(Inspection::new(context))
}

/// Each form with both schemas as a daemon read them last; forms that it never described are left
/// out.
pub fn kept_schemas(
    store: &Store,
    config: &Config,
) -> anyhow::Result<Vec<(Mapping, ObjectSchema, ObjectSchema)>> {
    store.read_blocking(|view| {
        let mut kept = Vec::new();
        for mapping in &config.objects {
            let hubspot = annex::schema(view, Side::HubSpot, &mapping.object)?;
            let salesforce = annex::schema(view, Side::Salesforce, mapping.name())?;
            if let (Some(hubspot), Some(salesforce)) = (hubspot, salesforce) {
                kept.push((mapping.clone(), hubspot, salesforce));
            }
        }
        Ok(kept)
    })
}
