//! A command of WASI 0.3: what it does stands in its first argument.
use futures::future::join;
use wasip3::cli::{environment, exit, stderr, stdin, stdout};
use wasip3::clocks::monotonic_clock;
use wasip3::wit_bindgen::StreamResult;

wasip3::cli::command::export!(Command);

struct Command;

async fn print(text: String) {
    let (mut writer, reader) = wasip3::wit_stream::new();
    let write = async move {
        writer.write_all(text.into_bytes()).await;
    };
    join(async { stdout::write_via_stream(reader).await.unwrap() }, write).await;
}

async fn complain(text: &str) {
    let (mut writer, reader) = wasip3::wit_stream::new();
    let bytes = text.as_bytes().to_vec();
    let write = async move {
        writer.write_all(bytes).await;
    };
    join(async { stderr::write_via_stream(reader).await.unwrap() }, write).await;
}

/// Standard input to standard output, the stream itself handed on.
async fn cat() {
    let (input, ended) = stdin::read_via_stream();
    stdout::write_via_stream(input).await.unwrap();
    ended.await.unwrap();
}

async fn count_words() {
    let (mut input, ended) = stdin::read_via_stream();
    let (mut bytes, mut words, mut inside) = (0, 0, false);
    loop {
        let (result, read) = input.read(Vec::with_capacity(100)).await;
        bytes += read.len();
        for byte in read {
            words += usize::from(!inside && !byte.is_ascii_whitespace());
            inside = !byte.is_ascii_whitespace();
        }
        if result == StreamResult::Dropped {
            break;
        }
    }
    ended.await.unwrap();
    print(format!("{words} words in {bytes} bytes\n")).await;
}

async fn nap(milliseconds: u64) {
    let start = monotonic_clock::now();
    let length = milliseconds * 1_000_000;
    join(monotonic_clock::wait_for(length), monotonic_clock::wait_for(length)).await;
    let slept = monotonic_clock::now() - start;
    print(format!("both at once: {}\n", slept >= length && slept < 2 * length)).await;
}

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let arguments = environment::get_arguments();
        let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
        match words.as_slice() {
            ["cat"] => cat().await,
            ["words"] => count_words().await,
            ["nap", length] => nap(length.parse().unwrap()).await,
            ["fail"] => {
                complain("it failed\n").await;
                return Err(());
            }
            ["exit", code] => exit::exit_with_code(code.parse().unwrap()),
            ["trap"] => panic!("as it was told"),
            _ => {
                let mut variables = environment::get_environment();
                variables.sort();
                print(format!("{words:?}\n{variables:?}\n")).await;
            }
        }
        Ok(())
    }
}
