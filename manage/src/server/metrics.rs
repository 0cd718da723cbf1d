//! Metrics for Prometheus, with the feature `metrics`.
//!
//! Their names are those of OpenTelemetry. Application code adds its own by the macros of the crate `metrics`.

use super::log_line::Entry;

/// A connection, while it exists.
pub(super) struct Connected(());

#[cfg(feature = "metrics")]
mod names {
    pub(super) const DURATION: &str = "http_server_request_duration_seconds";
    pub(super) const ACTIVE: &str = "http_server_active_requests";
    pub(super) const CONNECTIONS: &str = "http_server_open_connections";

    /// The limits of the histogram, in seconds: those of OpenTelemetry.
    pub(super) const BUCKETS: [f64; 14] =
        [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
}

#[cfg(feature = "metrics")]
pub(crate) use listener::{MetricsListener, start};

#[cfg(feature = "metrics")]
impl Connected {
    pub(super) fn new() -> Self {
        metrics::gauge!(names::CONNECTIONS).increment(1.0);
        Self(())
    }
}

#[cfg(feature = "metrics")]
impl Drop for Connected {
    fn drop(&mut self) {
        metrics::gauge!(names::CONNECTIONS).decrement(1.0);
    }
}

/// Counts the start of a request.
#[cfg(feature = "metrics")]
pub(super) fn began() {
    metrics::gauge!(names::ACTIVE).increment(1.0);
}

/// Counts a request that has ended.
#[cfg(feature = "metrics")]
pub(super) fn ended(entry: &Entry<'_>) {
    let (Some((method, ..)), Some(duration)) = (entry.request, entry.duration) else { return };
    metrics::gauge!(names::ACTIVE).decrement(1.0);
    // A client may send any method, and each would be a series of its own.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "_OTHER".to_owned(),
    };
    let status = entry.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    metrics::histogram!(
        names::DURATION,
        "http_request_method" => method,
        "http_response_status_code" => status
    )
    .record(duration.as_secs_f64());
}

#[cfg(feature = "metrics")]
mod listener {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::Duration;

    use hyper::header::{CONTENT_TYPE, HeaderValue};
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Method, Response, StatusCode};
    use hyper_util::rt::{TokioIo, TokioTimer};
    use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
    use tokio::net::TcpListener;
    use tokio::sync::Semaphore;

    use super::super::listening::Listening;
    use super::names;

    /// More than any number of scrapers.
    const CONNECTIONS: usize = 16;

    /// How long a scraper may take for its request.
    const TIMEOUT: Duration = Duration::from_secs(10);

    /// How often samples are added up, which otherwise use memory.
    const UPKEEP: Duration = Duration::from_secs(5);

    /// Where metrics are served: at an address of their own, so that no proxy of the site passes them on.
    pub(crate) struct MetricsListener {
        listener: TcpListener,
        handle: PrometheusHandle,
    }

    impl MetricsListener {
        /// Starts to record. Fails if the program already records elsewhere.
        pub(crate) fn new(listening: Listening) -> Result<Self, BuildError> {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Full(names::DURATION.to_owned()), &names::BUCKETS)?;
            let handle = builder.install_recorder()?;
            metrics::describe_histogram!(
                names::DURATION,
                metrics::Unit::Seconds,
                "Duration of requests, until the last byte of the response"
            );
            metrics::describe_gauge!(names::ACTIVE, "Requests without a complete response");
            metrics::describe_gauge!(names::CONNECTIONS, "Open connections");
            Ok(Self { listener: listening.listener, handle })
        }
    }

    /// Serves the metrics as long as the runtime exists.
    pub(crate) fn start(metrics: MetricsListener) {
        let MetricsListener { listener, handle } = metrics;
        let upkeep = handle.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(UPKEEP);
            loop {
                ticks.tick().await;
                upkeep.run_upkeep();
            }
        });
        tokio::spawn(async move {
            let slots = Arc::new(Semaphore::new(CONNECTIONS));
            while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let handle = handle.clone();
                let service = service_fn(move |request| {
                    let response = answer(&handle, &request);
                    async { Ok::<_, Infallible>(response) }
                });
                let mut builder = http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(TIMEOUT).max_buf_size(16 * 1024);
                tokio::spawn(async move {
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    drop(slot);
                });
            }
        });
    }

    fn answer(
        handle: &PrometheusHandle,
        request: &hyper::Request<hyper::body::Incoming>,
    ) -> Response<String> {
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_read || request.uri().path() != "/metrics" {
            let mut response = Response::new("Not Found: the metrics are at /metrics.\n".to_owned());
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
        let mut response = Response::new(handle.render());
        let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, text);
        response
    }
}

#[cfg(not(feature = "metrics"))]
impl Connected {
    pub(super) fn new() -> Self {
        Self(())
    }
}

#[cfg(not(feature = "metrics"))]
pub(super) fn began() {}

#[cfg(not(feature = "metrics"))]
pub(super) fn ended(_: &Entry<'_>) {}
