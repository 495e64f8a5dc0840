use crate::{outcome, say};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingRequest, Method, OutgoingBody,
    OutgoingRequest, OutgoingResponse, RequestOptions, ResponseOutparam, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

pub fn fields() {
    let fields = Fields::new();
    say!("fields.constructor {:?}", fields.entries().len());
    say!("fields.append {:?}", fields.append("X-One", b"1"));
    say!("fields.append second {:?}", fields.append("x-one", b"2"));
    say!("fields.get {:?}", fields.get("x-ONE"));
    say!("fields.get absent {:?}", fields.get("absent"));
    say!(
        "fields.has {} {} {}",
        fields.has("X-One"),
        fields.has("absent"),
        fields.has("no name")
    );
    say!(
        "fields.set {:?}",
        fields.set("two", &[b"a".to_vec(), b"b".to_vec()])
    );
    say!(
        "fields.set none {:?} {}",
        fields.set("two", &[]),
        fields.has("two")
    );
    for name in [
        "",
        "no name",
        "a:b",
        "ü",
        "a\0",
        "connection",
        "Host",
        "Transfer-Encoding",
        "keep-alive",
        "upgrade",
        "content-length",
    ] {
        say!("fields.append {name:?} {:?}", fields.append(name, b"x"));
        say!(
            "fields.set {name:?} {:?}",
            fields.set(name, &[b"x".to_vec()])
        );
        say!("fields.delete {name:?} {:?}", fields.delete(name));
        say!(
            "fields.from-list {name:?} {}",
            outcome(Fields::from_list(&[(name.to_string(), b"x".to_vec())]))
        );
        say!("fields.get {name:?} {:?}", fields.get(name));
    }
    for value in [
        &b"a\nb"[..],
        b"a\rb",
        b"a\0b",
        b" a ",
        b"\xff",
        b"",
        b"\t",
        b"\x7f",
    ] {
        say!(
            "fields.append value {value:?} {:?}",
            fields.append("value", value)
        );
    }
    say!("fields.get value {:?}", fields.get("value"));
    let copy = fields.clone();
    say!("fields.delete {:?}", fields.delete("VALUE"));
    say!("fields.delete absent {:?}", fields.delete("absent"));
    say!("fields.clone {} {}", copy.has("value"), fields.has("value"));
    let list = [
        ("B".to_string(), b"1".to_vec()),
        ("a".to_string(), b"2".to_vec()),
        ("b".to_string(), b"3".to_vec()),
    ];
    let mut entries = Fields::from_list(&list).unwrap().entries();
    entries.sort();
    say!("fields.entries {entries:?}");
    let request = OutgoingRequest::new(copy);
    say!(
        "outgoing-request.constructor {}",
        request.headers().has("value")
    );
    let kept = request.headers();
    say!(
        "outgoing-request.headers append {:?}",
        kept.append("late", b"x")
    );
    say!("outgoing-request.headers set {:?}", kept.set("late", &[]));
    say!("outgoing-request.headers delete {:?}", kept.delete("value"));
    say!(
        "outgoing-request.headers clone {:?}",
        kept.clone().append("late", b"x")
    );
}

pub fn messages() {
    let request = OutgoingRequest::new(Fields::new());
    say!("outgoing-request.method {:?}", request.method());
    for method in ["PATCH", "custom", "", "no method", "GET\r\n", "get"] {
        say!(
            "outgoing-request.set-method {method:?} {:?}",
            request.set_method(&Method::Other(method.to_string()))
        );
        say!("outgoing-request.method {:?}", request.method());
    }
    say!(
        "outgoing-request.path-with-query {:?}",
        request.path_with_query()
    );
    for path in [
        "/",
        "/a?b=c",
        "",
        "no path",
        "/a b",
        "/a\r\nb",
        "?q",
        "/#f",
        "*",
        "http://a/",
    ] {
        say!(
            "outgoing-request.set-path-with-query {path:?} {:?}",
            request.set_path_with_query(Some(path))
        );
    }
    say!("outgoing-request.scheme {:?}", request.scheme());
    for scheme in ["gopher", "", "a b", "HTTP"] {
        say!(
            "outgoing-request.set-scheme {scheme:?} {:?}",
            request.set_scheme(Some(&Scheme::Other(scheme.to_string())))
        );
    }
    say!(
        "outgoing-request.set-scheme {:?} {:?}",
        request.set_scheme(Some(&Scheme::Https)),
        request.scheme()
    );
    say!(
        "outgoing-request.set-scheme none {:?} {:?}",
        request.set_scheme(None),
        request.scheme()
    );
    say!("outgoing-request.authority {:?}", request.authority());
    for authority in [
        "localhost",
        "a:80",
        "a:99999",
        "a b",
        "",
        "user@a",
        "[::1]:80",
        "[::1",
        "a/b",
    ] {
        say!(
            "outgoing-request.set-authority {authority:?} {:?}",
            request.set_authority(Some(authority))
        );
    }
    let options = RequestOptions::new();
    say!(
        "request-options.constructor {}",
        options.first_byte_timeout().is_none()
    );
    say!(
        "request-options.connect-timeout {:?}",
        options.connect_timeout()
    );
    say!(
        "request-options.set-connect-timeout {:?} {:?}",
        options.set_connect_timeout(Some(1_000_000)),
        options.connect_timeout()
    );
    say!(
        "request-options.first-byte-timeout {:?}",
        options.first_byte_timeout()
    );
    say!(
        "request-options.set-first-byte-timeout {:?} {:?}",
        options.set_first_byte_timeout(Some(2_000_000)),
        options.first_byte_timeout()
    );
    say!(
        "request-options.between-bytes-timeout {:?}",
        options.between_bytes_timeout()
    );
    say!(
        "request-options.set-between-bytes-timeout {:?} {:?}",
        options.set_between_bytes_timeout(Some(3_000_000)),
        options.between_bytes_timeout()
    );
    say!(
        "request-options.set-connect-timeout none {:?} {:?}",
        options.set_connect_timeout(None),
        options.connect_timeout()
    );
    let body = request.body();
    say!(
        "outgoing-request.body {}",
        outcome(body.as_ref().map_err(|()| "taken"))
    );
    say!("outgoing-request.body again {}", outcome(request.body()));
    let body = body.unwrap();
    let stream = body.write();
    say!(
        "outgoing-body.write {}",
        outcome(stream.as_ref().map_err(|()| "taken"))
    );
    say!("outgoing-body.write again {}", outcome(body.write()));
    drop(stream);
    let response = OutgoingResponse::new(Fields::new());
    say!(
        "outgoing-response.constructor {}",
        response.headers().entries().len()
    );
    say!("outgoing-response.status-code {}", response.status_code());
    for status in [404, 99, 100, 599, 600, 999, 1000, 0] {
        say!(
            "outgoing-response.set-status-code {status} {:?}",
            response.set_status_code(status)
        );
    }
    say!(
        "outgoing-response.headers {:?}",
        response.headers().append("late", b"x")
    );
    say!(
        "outgoing-response.body {} {}",
        outcome(response.body()),
        outcome(response.body())
    );
}

/// Asks the server of the test, whose paths say what it does.
pub fn ask(authority: &str) {
    for path in [
        "/hello",
        "/status/404",
        "/fields",
        "/trailers",
        "/cut",
        "/absent-length",
    ] {
        say!(
            "outgoing-handler.handle {path} {}",
            answer(get(authority, path))
        );
    }
    say!(
        "outgoing-handler.handle echo {}",
        answer(post(authority, "/echo", &[b"one ", b"two"]))
    );
    say!(
        "outgoing-handler.handle head {}",
        answer(with_method(authority, "/hello", Method::Head))
    );
    say!(
        "outgoing-handler.handle no host {}",
        answer(get("absent.invalid", "/"))
    );
    say!(
        "outgoing-handler.handle nobody {}",
        answer(get("127.0.0.1:1", "/"))
    );
    let request = OutgoingRequest::new(Fields::new());
    say!(
        "outgoing-handler.handle no authority {}",
        answer(handle(request, None))
    );
    let future = get(authority, "/hello").unwrap();
    future.subscribe().block();
    say!(
        "future-incoming-response.subscribe {}",
        future.subscribe().ready()
    );
    let first = future.get();
    say!("future-incoming-response.get {}", first.is_some());
    say!(
        "future-incoming-response.get again {:?}",
        future
            .get()
            .map(|again| again.map(|_| ()).map_err(|()| "taken"))
    );
    let response = first.unwrap().unwrap().unwrap();
    say!("incoming-response.status {}", response.status());
    say!(
        "incoming-response.headers {:?}",
        response.headers().get("X-Method")
    );
    say!(
        "incoming-response.headers append {:?}",
        response.headers().append("x-a", b"x")
    );
    let body = response.consume().unwrap();
    say!(
        "incoming-response.consume again {}",
        outcome(response.consume())
    );
    let stream = body.stream().unwrap();
    say!("incoming-body.stream again {}", outcome(body.stream()));
    drop(stream);
    let trailers = IncomingBody::finish(body);
    say!("incoming-body.finish ok");
    let ready = trailers.subscribe();
    ready.block();
    say!("future-trailers.subscribe {}", ready.ready());
    let shown = |each: Option<Result<Result<Option<Fields>, ErrorCode>, ()>>| match each {
        Some(Ok(Ok(fields))) => format!("{}", fields.is_some()),
        Some(Ok(Err(error))) => kind(&error),
        Some(Err(())) => "taken".to_string(),
        None => "not yet".to_string(),
    };
    say!("future-trailers.get {}", shown(trailers.get()));
    say!("future-trailers.get again {}", shown(trailers.get()));
    let short = self::request(authority, "/echo", Method::Post);
    let sized = Fields::from_list(&[("content-length".to_string(), b"5".to_vec())]).unwrap();
    let five = OutgoingRequest::new(sized);
    five.set_method(&Method::Post).unwrap();
    five.set_scheme(Some(&Scheme::Http)).unwrap();
    five.set_authority(Some(authority)).unwrap();
    for (name, each, bytes) in [("none", &short, &b"any"[..]), ("5", &five, b"123")] {
        let body = each.body().unwrap();
        let stream = body.write().unwrap();
        say!(
            "outgoing-body.write length {name} {}",
            crate::io::closed(&stream.write(b""))
        );
        if stream.check_write().unwrap_or(0) > 0 {
            let _ = stream.write(bytes);
        }
        drop(stream);
        let finished = OutgoingBody::finish(body, None);
        say!(
            "outgoing-body.finish length {name} {}",
            finished.map_or_else(|error| kind(&error), |()| "ok".to_string())
        );
    }
}

/// Answers with what it sees of the request: its lines are the body.
pub fn serve(request: IncomingRequest, out: ResponseOutparam) {
    let mut lines = vec![
        format!("incoming-request.method {:?}", request.method()),
        format!(
            "incoming-request.path-with-query {:?}",
            request.path_with_query()
        ),
        format!("incoming-request.scheme {:?}", request.scheme()),
        format!(
            "incoming-request.authority {}",
            request.authority().is_some()
        ),
        format!(
            "incoming-request.headers {:?}",
            request.headers().get("X-Sent")
        ),
        format!(
            "incoming-request.headers append {:?}",
            request.headers().append("x-a", b"x")
        ),
        format!(
            "incoming-request.headers host {}",
            request.headers().has("host")
        ),
    ];
    let body = request.consume().unwrap();
    lines.push(format!(
        "incoming-request.consume again {}",
        outcome(request.consume())
    ));
    let stream = body.stream().unwrap();
    let mut bytes = vec![];
    while let Ok(more) = stream.blocking_read(1000) {
        bytes.extend(more);
    }
    drop(stream);
    lines.push(format!(
        "incoming-body.stream {:?}",
        String::from_utf8_lossy(&bytes)
    ));
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    let sent = trailers
        .get()
        .and_then(Result::ok)
        .and_then(Result::ok)
        .flatten();
    lines.push(format!(
        "future-trailers.get {:?}",
        sent.map(|fields| fields.get("x-last"))
    ));
    let fields = Fields::from_list(&[("x-served".to_string(), b"yes".to_vec())]).unwrap();
    let response = OutgoingResponse::new(fields);
    lines.push(format!(
        "outgoing-response.set-status-code {:?}",
        response.set_status_code(201)
    ));
    let body = response.body().unwrap();
    lines.push("response-outparam.set".to_string());
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    crate::write(&stream, (lines.join("\n") + "\n").as_bytes());
    drop(stream);
    let trailers = Fields::from_list(&[("x-end".to_string(), b"end".to_vec())]).unwrap();
    OutgoingBody::finish(body, Some(trailers)).unwrap();
}

fn request(authority: &str, path: &str, method: Method) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&method).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(path)).unwrap();
    request
}

fn with_method(
    authority: &str,
    path: &str,
    method: Method,
) -> Result<FutureIncomingResponse, ErrorCode> {
    let request = request(authority, path, method);
    let body = request.body().unwrap();
    OutgoingBody::finish(body, None)?;
    handle(request, None)
}

fn get(authority: &str, path: &str) -> Result<FutureIncomingResponse, ErrorCode> {
    with_method(authority, path, Method::Get)
}

fn post(authority: &str, path: &str, parts: &[&[u8]]) -> Result<FutureIncomingResponse, ErrorCode> {
    let request = request(authority, path, Method::Post);
    let body = request.body().unwrap();
    let future = handle(request, Some(RequestOptions::new()))?;
    let stream = body.write().unwrap();
    for part in parts {
        crate::write(&stream, part);
    }
    drop(stream);
    let trailers = Fields::from_list(&[("x-sent".to_string(), b"last".to_vec())]).unwrap();
    OutgoingBody::finish(body, Some(trailers))?;
    Ok(future)
}

/// Status, fields that the server means to send, body and trailers, in one line.
fn answer(future: Result<FutureIncomingResponse, ErrorCode>) -> String {
    let future = match future {
        Ok(future) => future,
        Err(error) => return format!("refused {}", kind(&error)),
    };
    future.subscribe().block();
    let response = match future.get().unwrap().unwrap() {
        Ok(response) => response,
        Err(error) => return kind(&error),
    };
    let own = |fields: &Fields| {
        let mut entries = fields.entries();
        entries.retain(|(name, _)| name.starts_with("x-"));
        entries.sort();
        entries
            .into_iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(&value)))
            .collect::<Vec<_>>()
    };
    let mut line = format!("{} {:?}", response.status(), own(&response.headers()));
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut bytes = vec![];
    loop {
        match stream.blocking_read(1000) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return format!(
                    "{line} {:?} {}",
                    String::from_utf8_lossy(&bytes),
                    http_error_code(&error).is_some()
                );
            }
        }
    }
    line += &format!(" {:?}", String::from_utf8_lossy(&bytes));
    drop(stream);
    let trailers = IncomingBody::finish(body);
    trailers.subscribe().block();
    match trailers.get() {
        Some(Ok(Ok(None))) => line + " no trailers",
        Some(Ok(Ok(Some(fields)))) => format!(
            "{line} {:?} {}",
            own(&fields),
            outcome(trailers.get().unwrap())
        ),
        other => format!("{line} {}", other.is_some()),
    }
}

/// The case alone: texts in it are a host's own.
fn kind(error: &ErrorCode) -> String {
    let text = format!("{error:?}");
    let name = text.strip_prefix("ErrorCode::").unwrap_or(&text);
    name.chars().take_while(|c| c.is_alphanumeric()).collect()
}
