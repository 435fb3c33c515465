//! What is kept in step and what is left out: by direction, by condition, by list.

mod condition;
mod configuration;
mod direction;
mod list;
mod list_held;

use syncline::control::report::{Report, Status};
use syncline::control::request::Request;
use syncline::control::{Vantage, answer};
use syncline::domain::event::Excluded;
use syncline::projections;
use syncline::projections::records::{self, Filter, Place, State};

use super::Story;

impl Story {
    /// What `status` tells.
    async fn status(&self) -> Status {
        let (store, now) = (self.world.store.clone(), self.world.store.clock().now());
        let asked = answer(&store, &Request::Status, 0, now, Vantage::Beside);
        match asked.await.unwrap() {
            Report::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }

    /// How many are left out for `why`, as `records list` and as `status` count them. That what the
    /// journal says makes the same again is looked at on the way.
    async fn left_out(&self, why: Excluded) -> (usize, u64) {
        let replay = |tx: &syncline::store::Tx<'_>| {
            let before = projections::dump(tx)?;
            projections::rebuild(tx)?;
            assert_eq!(
                before,
                projections::dump(tx)?,
                "projections differ from replay"
            );
            Ok(())
        };
        self.world.store.write(replay).await.unwrap();
        let filter = Filter {
            state: Some(State::Excluded),
            why: Some(why),
            ..Filter::default()
        };
        let read = move |view: &syncline::store::View<'_>| {
            records::list(view, &filter, Place::start_of(filter.order))
        };
        let listed = self.world.store.read_blocking(read).unwrap();
        let status = self.status().await;
        let counted = status.objects.iter().map(|line| line.excluded).sum();
        (listed.len(), counted)
    }

    /// What a person is told who asks for this.
    async fn asked(&self, request: Request) -> Result<String, String> {
        let (store, now) = (self.world.store.clone(), self.world.store.clock().now());
        let asked = answer(&store, &request, 1_000, now, Vantage::Beside).await;
        match asked.map_err(|refusal| refusal.message)? {
            Report::Done(done) => Ok(done.said),
            other => panic!("{other:?}"),
        }
    }

    /// What asks for attention and names the selection.
    async fn attention(&self, words: &str) -> Vec<String> {
        let lines = self.status().await.attention.into_iter();
        lines.filter(|line| line.contains(words)).collect()
    }
}
