//! One short file per verb, and the one place that prints.

mod args;
mod ask;
mod causes;
mod check;
mod deeds;
mod demo;
mod demo_configuration;
mod errors;
mod export;
mod handover;
mod init;
mod mapping;
mod notify;
mod out;
mod records;
pub mod render;
mod resync;
mod run;
mod simulator;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::control::request::Refusal;
use args::{Arguments, MappingVerb, Verb};

/// Parses the arguments, does what they say, and returns the exit code after sysexits.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Clap's own exit code for a mistake is 2, which here means "stopped".
            let code = if error.use_stderr() { 64 } else { 0 };
            out::help(&error);
            return ExitCode::from(code);
        }
    };
    match carry_out(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(refusal) => {
            out::error(&refusal.message);
            ExitCode::from(refusal.exit)
        }
    }
}

fn carry_out(arguments: &Arguments) -> Result<u8, Refusal> {
    match &arguments.verb {
        Verb::Run => run::run(arguments),
        Verb::Demo(demo) => demo::run(arguments, demo),
        Verb::Simulator(simulated) => simulator::run(simulated),
        Verb::Init(init) => init::run(arguments, init),
        Verb::Check(check) => check::run(arguments, check),
        Verb::Mapping(mapping) => match &mapping.verb {
            MappingVerb::Show(shown) => mapping::show(arguments, shown),
        },
        Verb::Status(_)
        | Verb::Plan(_)
        | Verb::Errors(_)
        | Verb::Records(_)
        | Verb::Budget(_)
        | Verb::Approve(_)
        | Verb::Link(_)
        | Verb::Unlink(_)
        | Verb::Exclude(_)
        | Verb::Resync(_)
        | Verb::Notify(_)
        | Verb::Pause
        | Verb::Resume
        | Verb::Journal(_)
        | Verb::Rebuild => ask::run(arguments),
    }
}
