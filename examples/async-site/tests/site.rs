//! The site, served by the program, on a PostgreSQL server that `TEST_DATABASE_URL` names.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use async_site::articles;
use diesel::prelude::*;
use manage::testing::TestDatabase;

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn the_articles_are_listed() {
    let settings = manage::testing::settings("default").unwrap();
    let database = TestDatabase::create(&manage::program!(async_site), &settings).unwrap();
    diesel::insert_into(articles::table)
        .values([articles::title.eq("One"), articles::title.eq("Two")])
        .execute(&mut database.connect().unwrap())
        .unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_manage"))
        .args(["runserver", "127.0.0.1:0", "--noreload"])
        .env("DATABASE_URL", database.url().expose())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = lines
        .find_map(|line| {
            line.unwrap()
                .split_once("server at http://")
                .map(|(_, rest)| rest.trim_end_matches('/').to_owned())
        })
        .expect("it serves");
    let response = get(&address, "/articles");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK") && response.ends_with("[\"One\",\"Two\"]"), "{response}");
}
