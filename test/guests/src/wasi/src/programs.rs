use crate::say;
use wasip2::cli::{
    environment, exit, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout,
};

pub fn environment() {
    let mut variables = environment::get_environment();
    variables.sort();
    say!("get-environment {variables:?}");
    say!("get-arguments {:?}", &environment::get_arguments()[1..]);
    say!("initial-cwd {}", environment::initial_cwd().is_some());
    say!(
        "get-stdin {:?}",
        stdin::get_stdin().blocking_read(100).map(|b| b.len())
    );
    crate::write(&stderr::get_stderr(), b"get-stderr\n");
    say!(
        "get-stdout differs {}",
        stdout::get_stdout().handle() != stdout::get_stdout().handle()
    );
    // Two handles of one stream are two handles.
    let (one, two) = (stderr::get_stderr(), stderr::get_stderr());
    say!("get-stderr differs {}", one.handle() != two.handle());
    say!(
        "get-terminal-stdin {}",
        terminal_stdin::get_terminal_stdin().is_some()
    );
    say!(
        "get-terminal-stdout {}",
        terminal_stdout::get_terminal_stdout().is_some()
    );
    say!(
        "get-terminal-stderr {}",
        terminal_stderr::get_terminal_stderr().is_some()
    );
}

pub fn leave(how: &str) {
    say!("exit {how}");
    match how {
        "ok" => exit::exit(Ok(())),
        "error" => exit::exit(Err(())),
        other => panic!("no exit {other}"),
    }
    say!("still here");
}
