//! Calls every function of WASI 0.2 and says what came of it: a line a call, which begins with the function's name. What differs from run
//! to run or from machine to machine (times, ports, random numbers) is not said, only what must hold for it. The first argument chooses a topic.

use std::fmt::{Arguments, Debug};
use wasip2::cli::{environment, stdout};
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wasip2::io::streams::OutputStream;

mod clocks;
mod files;
mod http;
mod io;
mod programs;
mod tcp;
mod udp;

struct Every;

impl wasip2::exports::cli::run::Guest for Every {
    fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        let given: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match given[0] {
            "environment" => programs::environment(),
            "exit" => programs::leave(given[1]),
            "clocks" => clocks::clocks(),
            "random" => clocks::random(),
            "input" => io::input(),
            "output" => io::output(),
            "splice" => io::splice(),
            "poll" => io::wait(),
            "misuse" => io::misuse(given[1]),
            "descriptors" => files::descriptors(),
            "paths" => files::paths(),
            "streams" => files::streams(),
            "times" => files::times(),
            "tcp" => tcp::tcp(given[1]),
            "tcp-options" => tcp::options(),
            "names" => tcp::names(),
            "udp" => udp::udp(given[1]),
            "udp-options" => udp::options(),
            "fields" => http::fields(),
            "messages" => http::messages(),
            "ask" => http::ask(given[1]),
            other => panic!("no topic {other}"),
        }
        Ok(())
    }
}

impl wasip2::exports::http::incoming_handler::Guest for Every {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        http::serve(request, out);
    }
}

wasip2::cli::command::export!(Every);
wasip2::http::proxy::export!(Every);

/// Writes a line to the standard output, in as many pieces as a call may take.
pub fn say(text: Arguments) {
    let line = format!("{}\n", shortened(&format!("{text}")));
    write(&stdout::get_stdout(), line.as_bytes());
}

/// Errors by their name alone: `ErrorCode { code: 20, name: "no-entry", message: ... }` becomes `no-entry`.
fn shortened(text: &str) -> String {
    let Some((before, rest)) = text.split_once("ErrorCode { code: ") else {
        return text.to_string();
    };
    let Some((_, rest)) = rest.split_once("name: \"") else {
        return text.to_string();
    };
    let Some((name, rest)) = rest.split_once('"') else {
        return text.to_string();
    };
    let after = rest.split_once(" }").map_or("", |(_, after)| after);
    format!("{before}{name}{}", shortened(after))
}

pub fn write(stream: &OutputStream, bytes: &[u8]) {
    for piece in bytes.chunks(4096) {
        stream
            .blocking_write_and_flush(piece)
            .expect("the stream is open");
    }
}

#[macro_export]
macro_rules! say {
    ($($part:tt)*) => { $crate::say(format_args!($($part)*)) };
}

/// What a call answered, where its success is not worth a word.
pub fn outcome<T, E: Debug>(answer: Result<T, E>) -> String {
    match answer {
        Ok(_) => "ok".to_string(),
        Err(error) => format!("{error:?}"),
    }
}
