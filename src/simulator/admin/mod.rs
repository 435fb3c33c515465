//! The administrators' door: one small language of commands, over HTTP and in process.
//!
//! A command is a JSON object whose `do` names the verb; most also name a `side`, `hubspot` or `salesforce`.
//! Faults and counts belong to neither side. Unknown verbs and missing members are named in the error.

mod hubspot;
mod salesforce;

use super::faults::{Fault, OneShot, Rates, Server};
use super::{Simulator, stamp};
use serde_json::{Map, Value, json};

/// The language in short, for people who reach the door without the source.
pub const HELP: &str = r#"POST one JSON object a command to this address; GET /state counts records, calls and faults.

both sides   {"do": "state"}
faults       {"do": "fault", "server": "salesforce", "fault": "503", "method": "POST", "path": "/services", "skip": 0, "times": 1}
             {"do": "rates", "server": "hubspot", "rates": 50}        of 1,000 calls, or {"lost": 20, "503": 30}
             {"do": "down", "server": "hubspot"}   {"do": "up", "server": "hubspot"}   {"do": "calm"}
             faults: refused reset lost hung hung_after truncated, a status such as 503, or 503_after
records      {"do": "put", "side": "hubspot", "object": "contacts", "properties": {"email": "ada@acme.example"}}
             {"do": "put", "side": "salesforce", "object": "Contact", "fields": {"LastName": "Ada"}}
             get, list, count, archive and merge, each with "object"; get and archive with "id"
             {"do": "associate", "side": "hubspot", "from": "contacts", "from_id": "1", "to": "companies", "to_id": "2", "primary": true}
the portal   add_rule remove_rule change_property automate stop_automation put_owner token
             refresh_token expire_sessions portal scopes usage index_lag restore define_object_type
             associate dissociate associations add_association_label set_association_limit
             put_pipeline remove_pipeline put_stage remove_stage
             add_list add_to_list remove_from_list list_members set_list_readable delete_list
the org      undelete convert_lead late_commit add_rule remove_rule set_rule automate stop_automation
             change_field object_access record_access user switch token api concurrent_limit
             add_object add_key_field add_record_type record_type add_queue stage add_user
             expire_sessions expire_locators lock_rows org_limit usage bulk_pace bulk_limits

What is missing from a command, and what is not known, is named in the answer.
"#;

impl Simulator {
    /// Carries out one command at `now` (Unix ms); the error says what to write instead.
    pub fn command(&mut self, command: &Value, now: i64) -> Result<Value, String> {
        let order = Order::new(command)?;
        match order.text("do")? {
            "state" => Ok(self.state(now)),
            "calm" => {
                self.faults.calm();
                Ok(done())
            }
            "down" => {
                self.faults.take_down(order.server("server")?);
                Ok(done())
            }
            "up" => {
                self.faults.bring_up(order.server("server")?);
                Ok(done())
            }
            "rates" => {
                self.faults
                    .set_rates(order.server("server")?, rates(&order)?);
                Ok(done())
            }
            "fault" => {
                self.faults.order(one_shot(&order)?);
                Ok(done())
            }
            _ => match order.server("side")? {
                Server::HubSpot => hubspot::command(&mut self.hubspot, &order, now),
                Server::Salesforce => salesforce::command(&mut self.salesforce, &order, now),
            },
        }
    }

    /// Counts of both sides: records by type, calls, and every fault that struck.
    pub fn state(&mut self, now: i64) -> Value {
        let struck: Map<String, Value> = self
            .faults
            .struck()
            .iter()
            .map(|((server, fault), times)| {
                (format!("{} {}", server.name(), fault.name()), json!(times))
            })
            .collect();
        json!({
            "at": stamp::iso(now),
            "hubspot": {
                "records": hubspot::counts(&self.hubspot), "calls": self.hubspot.calls_counted(),
            },
            "salesforce": {
                "records": salesforce::counts(&self.salesforce),
                "calls": self.salesforce_calls_counted(),
                "worst_window": self.salesforce_worst_window(),
            },
            "faults": struck,
        })
    }
}

/// One command, with its members read on demand.
struct Order<'a> {
    members: &'a Map<String, Value>,
}

impl<'a> Order<'a> {
    fn new(command: &'a Value) -> Result<Order<'a>, String> {
        let members = command.as_object().ok_or("a command is a JSON object")?;
        Ok(Order { members })
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn maybe(&self, name: &str) -> Option<&'a str> {
        self.get(name).and_then(Value::as_str)
    }

    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.maybe(name)
            .ok_or_else(|| format!("\"{name}\" must be a text"))
    }

    fn number(&self, name: &str) -> Result<i64, String> {
        let number = self.get(name).and_then(Value::as_i64);
        number.ok_or_else(|| format!("\"{name}\" must be a whole number"))
    }

    fn count(&self, name: &str, usual: u32) -> Result<u32, String> {
        if self.get(name).is_none() {
            return Ok(usual);
        }
        let number = u32::try_from(self.number(name)?);
        number.map_err(|_| format!("\"{name}\" must not be negative"))
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        let flag = self.get(name).and_then(Value::as_bool);
        flag.ok_or_else(|| format!("\"{name}\" must be true or false"))
    }

    fn object(&self, name: &str) -> Result<&'a Map<String, Value>, String> {
        let object = self.get(name).and_then(Value::as_object);
        object.ok_or_else(|| format!("\"{name}\" must be an object"))
    }

    fn server(&self, name: &str) -> Result<Server, String> {
        match self.text(name)? {
            "hubspot" => Ok(Server::HubSpot),
            "salesforce" => Ok(Server::Salesforce),
            other => Err(format!("\"{name}\" is hubspot or salesforce, not {other}")),
        }
    }

    fn unknown(&self) -> String {
        let verb = self.maybe("do").unwrap_or_default();
        let side = self.maybe("side").unwrap_or_default();
        format!("{side} knows no command {verb}")
    }
}

fn done() -> Value {
    json!({ "ok": true })
}

fn fault(text: &str) -> Result<Fault, String> {
    Fault::parse(text).ok_or_else(|| {
        format!(
            "no fault {text}: one of refused, reset, lost, hung, hung_after, truncated, \
             a status such as 503, or 503_after"
        )
    })
}

// Either a number for everything together, or a number for each kind.
fn rates(order: &Order<'_>) -> Result<Rates, String> {
    let per_thousand = |value: &Value| {
        let rate = value.as_u64().and_then(|rate| u16::try_from(rate).ok());
        rate.filter(|rate| *rate <= 1000)
            .ok_or("a rate is a number from 0 to 1000".to_owned())
    };
    match order.get("rates") {
        Some(Value::Object(rates)) => {
            let read = |(name, rate): (&String, &Value)| Ok((fault(name)?, per_thousand(rate)?));
            Ok(Rates(
                rates.iter().map(read).collect::<Result<_, String>>()?,
            ))
        }
        Some(rate) => Ok(Rates::everything(per_thousand(rate)?)),
        None => Err("\"rates\" must be a number or an object".to_owned()),
    }
}

fn one_shot(order: &Order<'_>) -> Result<OneShot, String> {
    Ok(OneShot {
        server: order.server("server")?,
        method: order.maybe("method").map(str::to_owned),
        path: order.maybe("path").unwrap_or_default().to_owned(),
        skip: order.count("skip", 0)?,
        times: order.count("times", 1)?,
        fault: fault(order.text("fault")?)?,
    })
}
