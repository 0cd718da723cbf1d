//! A name server over UDP whose answers a test changes while it runs.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// What it says about a name. All answers claim to hold for an hour.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Is(Vec<IpAddr>),
    /// There is no such name. Also the answer about names that nothing is known of.
    Nothing,
    /// The server has failed.
    Failure,
    /// No answer at all.
    Silence,
    Late(Duration, Vec<IpAddr>),
}

impl Answer {
    pub(crate) fn is(ip: Ipv4Addr) -> Self {
        Self::Is(vec![ip.into()])
    }
}

/// A running name server. Its thread ends with the process.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    questions: usize,
    limit: Option<Limit>,
    /// When an address was first given out.
    found: Option<Instant>,
}

/// A client that asks more often gets no answer for a while.
struct Limit {
    per_second: usize,
    /// When it was asked.
    times: Vec<Instant>,
    silent_until: Option<Instant>,
}

impl Limit {
    const SILENCE: Duration = Duration::from_secs(5);

    /// Counts one more question, and says whether it may be answered.
    fn allows(&mut self) -> bool {
        let now = Instant::now();
        self.times.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
        self.times.push(now);
        if self.times.len() > self.per_second {
            self.silent_until = Some(now + Self::SILENCE);
        }
        self.silent_until.is_none_or(|until| now >= until)
    }
}

const A: u16 = 1;
const AAAA: u16 = 28;

impl Names {
    pub(crate) fn start(ip: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind((ip, 53)).expect("port 53 of one's own network");
        let names = Self::default();
        let state = names.clone();
        thread::spawn(move || {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let Some(question) = Question::parse(&packet[..length]) else { continue };
                let answer = state.answer(&question.name);
                let (delay, reply) = match answer {
                    Answer::Is(ips) => (Duration::ZERO, question.reply(0, &ips)),
                    Answer::Late(delay, ips) => (delay, question.reply(0, &ips)),
                    Answer::Failure => (Duration::ZERO, question.reply(2, &[])),
                    Answer::Nothing => (Duration::ZERO, question.reply(3, &[])),
                    Answer::Silence => continue,
                };
                let socket = socket.try_clone().expect("a socket");
                thread::spawn(move || {
                    thread::sleep(delay);
                    let _ = socket.send_to(&reply, from);
                });
            }
        });
        names
    }

    /// What it says from now on.
    pub(crate) fn set(&self, name: &str, answer: Answer) {
        self.lock().answers.insert(name.to_owned(), answer);
    }

    /// How many questions there were.
    pub(crate) fn questions(&self) -> usize {
        self.lock().questions
    }

    /// From now on it answers so many questions a second.
    pub(crate) fn limit(&self, per_second: usize) {
        self.lock().limit = Some(Limit { per_second, times: Vec::new(), silent_until: None });
    }

    /// Whether it was asked more often than it likes.
    pub(crate) fn was_silent(&self) -> bool {
        self.lock().limit.as_ref().is_some_and(|limit| limit.silent_until.is_some())
    }

    /// When an address was first given out.
    pub(crate) fn found(&self) -> Option<Instant> {
        self.lock().found
    }

    fn answer(&self, name: &str) -> Answer {
        let mut state = self.lock();
        state.questions += 1;
        if state.limit.as_mut().is_some_and(|limit| !limit.allows()) {
            return Answer::Silence;
        }
        let answer = state.answers.get(name).cloned().unwrap_or(Answer::Nothing);
        if matches!(answer, Answer::Is(_)) {
            state.found.get_or_insert_with(Instant::now);
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct Question {
    id: [u8; 2],
    name: String,
    kind: u16,
    /// As it came: it is repeated in the answer.
    bytes: Vec<u8>,
}

impl Question {
    /// The one question of a packet, as RFC 1035 lays it out: a header of 12 bytes, then the name in parts
    /// with their lengths.
    fn parse(packet: &[u8]) -> Option<Self> {
        let (mut parts, mut at) = (Vec::new(), 12);
        loop {
            let length = usize::from(*packet.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            parts.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?);
        let bytes = packet.get(12..at + 4)?.to_vec();
        Some(Self { id: [packet[0], packet[1]], name: parts.join("."), kind, bytes })
    }

    fn reply(&self, code: u8, ips: &[IpAddr]) -> Vec<u8> {
        let data: Vec<Vec<u8>> = ips
            .iter()
            .filter_map(|ip| match (ip, self.kind) {
                (IpAddr::V4(ip), A) => Some(ip.octets().to_vec()),
                (IpAddr::V6(ip), AAAA) => Some(ip.octets().to_vec()),
                _ => None,
            })
            .collect();
        let mut reply = self.id.to_vec();
        // A reply of an authority that also recurses; one question, so many answers.
        reply.extend([0x85, 0x80 | code, 0, 1, 0, u8::try_from(data.len()).expect("few"), 0, 0, 0, 0]);
        reply.extend(&self.bytes);
        for ip in data {
            reply.extend([0xC0, 12]);
            reply.extend(self.kind.to_be_bytes());
            reply.extend([0, 1]);
            reply.extend(3600_u32.to_be_bytes());
            reply.extend(u16::try_from(ip.len()).expect("short").to_be_bytes());
            reply.extend(ip);
        }
        reply
    }
}
