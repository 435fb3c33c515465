//! A catalogue that changed while errors are open, or between two runs.

use std::sync::Arc;

use super::Daemon;
use crate::domain::catalogue::Catalogue;
use crate::projections::{self, Labelled, Refreshed};
use crate::store::Tx;

impl Daemon {
    /// Puts a changed catalogue in force and labels errors and history anew; a wrong one changes
    /// nothing. Nobody is told of a label: mails are about causes, and those keep their numbers.
    pub(super) async fn relabel(&self, read: Result<Catalogue, Vec<String>>) -> anyhow::Result<()> {
        let catalogue = match read {
            Ok(catalogue) => catalogue,
            Err(mistakes) => {
                for mistake in mistakes {
                    tracing::error!("the former catalogue stays in force: {mistake}");
                }
                return Ok(());
            }
        };
        if catalogue.digest() == self.store.catalogue().digest() {
            return Ok(());
        }
        self.store.use_catalogue(Arc::new(catalogue));
        if self.refresh().await? == Refreshed::Labels {
            tracing::info!(
                notice = true,
                "the catalogue changed: errors and history are labelled anew; causes keep their \
                 numbers, and no mail is sent for it"
            );
        }
        Ok(())
    }

    /// Brings the projections up to this program and this catalogue; labels a page at a time.
    pub(super) async fn refresh(&self) -> anyhow::Result<Refreshed> {
        let refreshed = self.store.write(projections::refresh).await?;
        if refreshed == Refreshed::Labels {
            let mut so_far = Labelled::nothing();
            while so_far != Labelled::Whole {
                let label = move |tx: &Tx<'_>| projections::relabel(tx, so_far);
                so_far = self.store.write(label).await?;
            }
        }
        Ok(refreshed)
    }
}
