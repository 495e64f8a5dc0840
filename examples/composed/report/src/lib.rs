// Reads a text from standard input and prints a table of its most frequent words.
// Usage: report [--top N] [--width N]
use wasip2::cli::{environment, stderr, stdin, stdout};
use wasip2::io::streams::{OutputStream, StreamError};

wit_bindgen::generate!({ world: "report", path: "../wit" });

use demo::text::style::{self, Align};
use demo::text::{stats, words};

struct Report;
wasip2::cli::command::export!(Report);

struct Options {
    top: u32,
    width: u32,
}

impl wasip2::exports::cli::run::Guest for Report {
    fn run() -> Result<(), ()> {
        let outcome = options(&environment::get_arguments()).and_then(|o| print(&o));
        outcome.map_err(|message| {
            write(&stderr::get_stderr(), &format!("report: {message}\n")).ok();
        })
    }
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut found = Options { top: 5, width: 20 };
    let mut rest = args.iter().skip(1);
    while let Some(name) = rest.next() {
        let target = match name.as_str() {
            "--top" => &mut found.top,
            "--width" => &mut found.width,
            _ => return Err(format!("unknown option {name}")),
        };
        let value = rest.next().ok_or_else(|| format!("{name} needs a number"))?;
        *target = value.parse().map_err(|_| format!("{name} {value} is not a number"))?;
    }
    Ok(found)
}

fn print(options: &Options) -> Result<(), String> {
    let counter = words::Counter::new();
    counter.add(&read_all()?);
    let summary = stats::summarize(&counter.lengths()).ok_or("there are no words")?;
    let total = counter.total();
    let top = counter.top(options.top);

    let longest = top.iter().map(|e| e.word.chars().count()).max().unwrap_or(0);
    let column = longest.max("word".len()) as u32;
    let mut text = row("word", column, "times", "share");
    text += &style::rule(&[column, 5, options.width]);
    text.push('\n');
    for entry in &top {
        let share = f64::from(entry.times) / f64::from(total);
        text += &row(&entry.word, column, &entry.times.to_string(), &style::bar(share, options.width));
    }
    text += &format!(
        "\n{total} words, {} different, of {} to {} letters, {:.2} on average\n",
        summary.count, summary.least, summary.greatest, summary.mean
    );
    write(&stdout::get_stdout(), &text).map_err(|e| format!("cannot write: {e}"))
}

fn row(word: &str, column: u32, times: &str, share: &str) -> String {
    let word = style::pad(word, column, Align::Left);
    let times = style::pad(times, 5, Align::Right);
    format!("{word}  {times}  {share}\n")
}

fn read_all() -> Result<String, String> {
    let input = stdin::get_stdin();
    let mut bytes = Vec::new();
    loop {
        match input.blocking_read(65536) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(e)) => return Err(e.to_debug_string()),
        }
    }
    String::from_utf8(bytes).map_err(|_| "the input is not UTF-8".into())
}

fn write(to: &OutputStream, text: &str) -> Result<(), StreamError> {
    for part in text.as_bytes().chunks(4096) {
        to.blocking_write_and_flush(part)?;
    }
    Ok(())
}
