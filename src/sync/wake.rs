//! Wake-ups between loops. They carry no data: missed, doubled and early ones are all harmless.

use tokio::sync::Notify;

/// One loop's bell.
#[derive(Debug, Default)]
pub struct Wake(Notify);

impl Wake {
    /// Rings; a loop that is not waiting hears it at its next wait.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for the next ring.
    pub async fn heard(&self) {
        self.0.notified().await;
    }
}

/// The bells of all loops.
#[derive(Debug, Default)]
pub struct Wakes {
    /// Looks for changes in HubSpot.
    pub hubspot: Wake,
    /// Looks for changes in Salesforce.
    pub salesforce: Wake,
    /// Plans and writes.
    pub writer: Wake,
    /// Tries again, probes.
    pub retrier: Wake,
    /// Opens and watches the connections.
    pub connection: Wake,
    /// Shows HubSpot what became of its records.
    pub board: Wake,
    /// Folds what is old.
    pub retention: Wake,
    /// Tells people.
    pub notifier: Wake,
    /// Gives signs of life.
    pub heartbeat: Wake,
}

impl Wakes {
    /// Rings every bell: a setting changed, a connection came back.
    pub fn ring_all(&self) {
        for bell in [
            &self.hubspot,
            &self.salesforce,
            &self.writer,
            &self.retrier,
            &self.connection,
            &self.board,
            &self.notifier,
            &self.heartbeat,
        ] {
            bell.ring();
        }
    }
}
