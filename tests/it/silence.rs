//! What the log says of a side that does not answer.

#![expect(
    clippy::unwrap_used,
    reason = "what a test sets up must work, and says so when it does not"
)]

use syncline::logging::Form;
use syncline::simulator::{Fault, Faults, OneShot, Server};

use crate::calls::world::{World, empty};
use crate::logging::lines;

fn faults(world: &World, order: impl FnOnce(&mut Faults)) {
    order(&mut world.simulator.lock().unwrap().faults);
}

/// The lines of a run in which this happens for so many poll intervals, and is over then.
fn said(happens: impl FnOnce(&mut Faults), intervals: u32) -> Vec<String> {
    let text = lines(Form::Journal, "info", |_| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new(empty()).await;
            world.cycle().await;
            faults(&world, happens);
            for _ in 0..intervals {
                world.cycle().await;
            }
            faults(&world, |faults| faults.bring_up(Server::Salesforce));
            world.cycle().await;
        });
    });
    let about = text.lines().filter(|line| line.contains("answer"));
    about.map(str::to_owned).collect()
}

#[test]
fn only_a_silence_that_was_told_is_told_to_be_over() {
    let one_is_lost = |faults: &mut Faults| {
        faults.order(OneShot {
            server: Server::Salesforce,
            method: None,
            path: String::new(),
            skip: 0,
            times: 1,
            fault: Fault::Lost,
        });
    };
    assert_eq!(said(one_is_lost, 1), Vec::<String>::new());
    let told = said(|faults| faults.take_down(Server::Salesforce), 6);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].starts_with("<4>Salesforce does not answer"),
        "{told:#?}"
    );
    assert!(
        told[1].starts_with("<5>Salesforce answers again after "),
        "{told:#?}"
    );
}
