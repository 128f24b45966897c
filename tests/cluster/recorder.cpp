#include "tests/cluster/recorder.hpp"

namespace tests::cluster {

using client::Outcome;
using gms::model::ErrorCode;
using linearizability::Action;
using linearizability::Key;
using linearizability::Moment;
using linearizability::Operation;
using linearizability::Value;

struct Recorder::Session {
  std::uint32_t number;
  client::Client client;
  std::mt19937_64 random;
  std::uint64_t own_keys = 0;
  /// The value of each key as this client last saw it.
  std::map<std::uint64_t, std::uint64_t> seen;
};

namespace {

std::string name_of(Key key) {
  return "register-" + std::to_string(key.value());
}

Value value_of(const std::optional<client::Value>& value) {
  return value ? Value(std::stoull(value->bytes)) : Value();
}

linearizability::Outcome outcome_of(const client::Error& error) {
  return error.code == ErrorCode::outcome_unknown ? linearizability::Outcome::unknown
                                                  : linearizability::Outcome::failed;
}

}  // namespace

Recorder::Recorder(Settings settings)
    : settings_(std::move(settings)), start_(std::chrono::steady_clock::now()) {
  for (std::uint32_t number = 0; number < settings_.clients; ++number)
    threads_.emplace_back([this, number] { run(number); });
}

Recorder::~Recorder() {
  stop();
}

void Recorder::stop() {
  stopping_ = true;
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

Moment Recorder::now() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start_)
      .count();
}

void Recorder::keep(const Operation& operation) {
  const std::lock_guard held(lock_);
  history_.push_back(operation);
}

void Recorder::note(const client::Error& error) {
  if (error.code != ErrorCode::outcome_unknown) return;
  const std::lock_guard held(lock_);
  unknown_.push_back(error.detail);
}

void Recorder::run(std::uint32_t number) {
  client::Options options;
  options.endpoints = settings_.endpoints;
  options.deadline = std::chrono::milliseconds(3000);
  Session session{
      number, client::Client(options), std::mt19937_64(settings_.seed * 1000 + number), 0, {}};
  while (!stopping_) {
    act(session);
    if (session.random() % 4 == 0) write_own_key(session);
  }
}

void Recorder::act(Session& session) {
  Operation operation;
  operation.client = session.number;
  operation.key = Key(1 + session.random() % settings_.keys);
  const std::string key = name_of(operation.key);
  const std::uint64_t dice = session.random() % 10;
  std::uint64_t& seen = session.seen[operation.key.value()];
  operation.invoked = now();
  if (dice < 4) {
    const auto got = session.client.get(key);
    operation.returned = now();
    operation.outcome = got ? linearizability::Outcome::ok : outcome_of(got.error());
    if (got) operation.seen = value_of(*got);
    if (got) seen = operation.seen.value();
    return keep(operation);
  }
  client::WriteOptions options;
  const std::string expected = std::to_string(seen);
  operation.action = dice < 8 ? Action::put : Action::put_if;
  if (dice == 9 && seen == 0) operation.action = Action::erase;
  if (operation.action != Action::erase) operation.value = Value(next_value_++);
  if (operation.action == Action::put_if) operation.expected = Value(seen);
  if (operation.action == Action::put_if && seen != 0)
    options.condition = client::IfValue{gms::model::as_bytes(expected)};
  if (operation.action == Action::put_if && seen == 0) options.condition = client::IfAbsent{};
  const auto wrote =
      operation.action == Action::erase
          ? session.client.erase(key, options)
          : session.client.put(key, std::to_string(operation.value.value()), options);
  operation.returned = now();
  operation.outcome = wrote ? linearizability::Outcome::ok : outcome_of(wrote.error());
  if (wrote && operation.action == Action::put_if)
    operation.applied = wrote->outcome == Outcome::done;
  if (wrote && wrote->outcome == Outcome::done)
    operation.index = gms::model::Index(wrote->revision.value());
  if (operation.outcome == linearizability::Outcome::unknown)
    operation.returned = linearizability::kNever;
  if (wrote && operation.applied) seen = operation.value.value();
  if (!wrote) note(wrote.error());
  keep(operation);
}

void Recorder::write_own_key(Session& session) {
  const std::string key =
      "own-" + std::to_string(session.number) + "-" + std::to_string(session.own_keys++);
  const std::string value = "value of " + key;
  client::WriteOptions options;
  options.condition = client::IfAbsent{};
  const auto wrote = session.client.put(key, value, options);
  if (!wrote) return note(wrote.error());
  const std::lock_guard held(lock_);
  if (wrote->outcome == Outcome::done) {
    acknowledged_.emplace(key, value);
  } else {
    doubled_.push_back(key);
  }
}

}  // namespace tests::cluster
