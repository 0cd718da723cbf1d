//! What it costs to take an open connection out of a pool and to give it back, without a query of one's own.

use std::hint::black_box;
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::r2d2::ConnectionManager;
use manage::database::{Pool, Poolable, PostgresConnection};

use crate::article::settings;

const ROUNDS: usize = 7;
const LENGTH: Duration = Duration::from_millis(200);

/// Prints a table: on one thread, and with eight threads that share four connections.
pub(crate) fn run(url: &str) {
    let ours = Pool::new(settings(url), 4);
    let postgres = Pool::new_as::<PostgresConnection>(settings(url), 4);
    let r2d2 = |tests| {
        let manager = ConnectionManager::<PgConnection>::new(url);
        diesel::r2d2::Pool::builder().max_size(4).test_on_check_out(tests).build(manager).expect("a pool")
    };
    let (tested, untested) = (r2d2(true), r2d2(false));
    let contenders: [(&str, &(dyn Fn() + Sync)); 4] = [
        ("r2d2", &|| drop(black_box(tested.get().expect("a connection")))),
        ("r2d2-untested", &|| drop(black_box(untested.get().expect("a connection")))),
        ("ours", &|| take(&ours)),
        ("ours-postgres", &|| take(&postgres)),
    ];
    println!("\na connection out of the pool and back: µs, and the longest one in ms");
    println!("{:14} {:>9} {:>9} {:>22}", "", "1 thread", "longest", "8 threads, longest");
    let mut results = contenders.map(|_| [(f64::MAX, 0.0); 2]);
    for _ in 0..ROUNDS {
        for ((_, take), results) in contenders.iter().zip(&mut results) {
            for (threads, result) in [1, 8].into_iter().zip(results) {
                let (mean, longest) = time(*take, threads);
                *result = (result.0.min(mean), f64::max(result.1, longest));
            }
        }
    }
    for ((name, _), [(one, longest), (eight, longest_of_eight)]) in contenders.iter().zip(results) {
        println!("{name:14} {one:9.2} {longest:9.2} {eight:11.2} {longest_of_eight:10.2}");
    }
}

fn take<C: Poolable>(pool: &Pool<C>) {
    drop(black_box(pool.get().expect("a connection")));
}

/// Returns the mean time in microseconds and the longest one in milliseconds.
fn time(take: &(dyn Fn() + Sync), threads: usize) -> (f64, f64) {
    let one = || {
        let (start, mut count, mut longest) = (Instant::now(), 0_u32, Duration::ZERO);
        let mut before = start;
        while before - start < LENGTH {
            take();
            let now = Instant::now();
            longest = longest.max(now - before);
            (before, count) = (now, count + 1);
        }
        (count, longest)
    };
    let (count, longest) = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let done = all.into_iter().map(|thread| thread.join().expect("no panic"));
        done.fold((0, Duration::ZERO), |(count, longest), (more, long)| (count + more, longest.max(long)))
    });
    (LENGTH.as_secs_f64() * 1e6 / f64::from(count.max(1)), longest.as_secs_f64() * 1e3)
}
