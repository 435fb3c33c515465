//! The simulator as a server for other programs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::json;
use syncline::simulator::{hubspot, salesforce};

use super::scene::bare;

fn said(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn commanded(address: &str, command: &serde_json::Value) -> String {
    let body = command.to_string();
    let head = "POST / HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n";
    let length = body.len();
    said(
        address,
        &format!("{head}content-length: {length}\r\n\r\n{body}"),
    )
}

#[test]
fn it_prints_what_a_configuration_needs_and_explains_its_language() {
    let mut child = bare(&["simulator"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut printed = String::new();
    while !printed.contains("tells the language") {
        printed.push_str(&lines.next().expect("a line").expect("text"));
        printed.push('\n');
    }
    let (portal, org) = (
        hubspot::Settings::default(),
        salesforce::Settings::default(),
    );
    let number = portal.portal_id.to_string();
    for value in [
        &number,
        &portal.token,
        &org.org_id,
        &org.client_id,
        &org.client_secret,
    ] {
        assert!(printed.contains(value), "{value} in {printed}");
    }
    let admin = printed
        .lines()
        .find_map(|line| line.strip_prefix("admin http://"));
    let admin = admin.expect("an address");
    let help = said(
        admin,
        "GET / HTTP/1.1\r\nhost: simulator\r\nconnection: close\r\n\r\n",
    );
    let verbs = |from: &str, to: &str| {
        let (_, rest) = help.split_once(from).expect(from);
        let (list, _) = rest.split_once(to).expect(to);
        list.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (side, known) in [
        ("hubspot", verbs("the portal ", "the org ")),
        ("salesforce", verbs("the org ", "What is missing")),
    ] {
        for verb in known {
            let answer = commanded(admin, &json!({ "do": verb, "side": side }));
            assert!(!answer.contains("knows no command"), "{answer}");
        }
    }
    let unknown = commanded(admin, &json!({ "do": "dance", "side": "hubspot" }));
    assert!(unknown.contains("knows no command dance"), "{unknown}");
    child.kill().expect("our own child");
    child.wait().expect("our own child");
}
