#include "tests/cluster/lane.hpp"

#include <algorithm>
#include <sstream>

namespace tests::cluster {

using client::Outcome;
using linearizability::Action;
using linearizability::Key;
using linearizability::ListAction;
using linearizability::ListOperation;
using linearizability::Operation;
using linearizability::Value;

namespace {

constexpr std::string_view kListPrefix = "list-";
constexpr std::string_view kRegisterPrefix = "register-";
/// Above the keys of registers.
constexpr std::uint64_t kFirstList = std::uint64_t{1} << 48;
/// Values of one lane; a lane's number stands above them.
constexpr std::uint64_t kValuesMax = std::uint64_t{1} << 32;
/// How long a member is waited for, at least.
constexpr std::chrono::milliseconds kMemberReadMin{25};
/// Of keys that are long out of use nothing is remembered.
constexpr std::size_t kSeenMax = 64;

}  // namespace

std::string name_of(Key key) {
  if (is_list(key)) return std::string(kListPrefix) + std::to_string(key.value() - kFirstList);
  return std::string(kRegisterPrefix) + std::to_string(key.value());
}

bool is_of_history(std::string_view name) {
  return name.starts_with(kListPrefix) || name.starts_with(kRegisterPrefix);
}

Key key_of(std::string_view name) {
  const bool is_of_list = name.starts_with(kListPrefix);
  name.remove_prefix(is_of_list ? kListPrefix.size() : kRegisterPrefix.size());
  return Key((is_of_list ? kFirstList : 0) + std::stoull(std::string(name)));
}

bool is_list(Key key) {
  return key.value() >= kFirstList;
}

Value register_of(const std::optional<client::Value>& value) {
  return value ? Value(std::stoull(value->bytes)) : Value();
}

std::vector<Value> list_of(const std::optional<client::Value>& value) {
  std::vector<Value> elements;
  std::istringstream words(value ? value->bytes : std::string());
  for (std::uint64_t element = 0; words >> element;) elements.emplace_back(element);
  return elements;
}

Lane::Lane(Settings settings, client::Client& client, CallBook& book)
    : settings_(std::move(settings)),
      client_(client),
      book_(book),
      random_(settings_.seed * 1000 + settings_.number) {
  for (const std::string& endpoint : settings_.endpoints)
    readers_.push_back(std::make_unique<MemberReader>(endpoint));
}

void Lane::act() {
  if (seen_.size() > kSeenMax) seen_.clear();
  if (settings_.lists > 0 && random_() % 3 == 0)
    act_on_list();
  else
    act_on_register();
  if (random_() % 4 == 0) write_own_key();
}

std::chrono::milliseconds Lane::pause(std::chrono::milliseconds most) {
  return std::chrono::milliseconds(random_() % static_cast<std::uint64_t>(most.count() + 1));
}

Key Lane::pick(std::uint64_t first, std::uint32_t count) {
  const auto life = std::chrono::microseconds(settings_.key_life).count();
  const std::uint64_t age = life == 0 ? 0 : static_cast<std::uint64_t>(moment_now() / life);
  return Key(first + age * count + random_() % count);
}

Value Lane::fresh_value() {
  return Value(settings_.number * kValuesMax + ++values_);
}

client::Result<MemberRead> Lane::read(Key key) {
  if (random_() % 10 < settings_.member_reads) {
    // Who waits long for a member that stands still asks it nothing when it goes on.
    const auto limit = std::min(settings_.deadline, kMemberReadMin + pause(kMemberReadMin * 8));
    return readers_[random_() % readers_.size()]->get(name_of(key), limit);
  }
  auto got = client_.get(name_of(key));
  if (!got) return got.error();
  return MemberRead{*std::move(got), {}};
}

// ---- registers

void Lane::act_on_register() {
  Operation operation;
  operation.client = settings_.number;
  operation.key = pick(1, settings_.keys);
  const std::uint64_t dice = random_() % 10;
  if (dice < 4) return read_register(operation);
  const std::uint64_t seen = seen_[operation.key.value()];
  operation.action = dice < 7 ? Action::put : Action::put_if;
  if (dice == 9 && seen == 0) operation.action = Action::erase;
  if (dice == 9 && seen % 4 == 1) operation.action = Action::erase_if;
  const bool is_put = operation.action == Action::put || operation.action == Action::put_if;
  if (is_put) operation.value = fresh_value();
  if (operation.action == Action::put_if || operation.action == Action::erase_if)
    operation.expected = Value(seen);
  write_register(operation);
}

void Lane::read_register(Operation operation) {
  operation.invoked = moment_now();
  book_.begin(operation);
  const auto got = read(operation.key);
  operation.returned = moment_now();
  operation.outcome = got ? linearizability::Outcome::ok : linearizability::Outcome::failed;
  if (got) operation.seen = register_of(got->value);
  if (got) operation.index = got->applied;
  if (got) seen_[operation.key.value()] = operation.seen.value();
  book_.end(operation);
}

void Lane::write_register(Operation operation) {
  const std::string key = name_of(operation.key);
  const std::string expected = std::to_string(operation.expected.value());
  const bool is_conditional =
      operation.action == Action::put_if || operation.action == Action::erase_if;
  client::WriteOptions options;
  if (is_conditional && operation.expected != Value())
    options.condition = client::IfValue{gms::model::as_bytes(expected)};
  if (is_conditional && operation.expected == Value()) options.condition = client::IfAbsent{};
  operation.invoked = moment_now();
  book_.begin(operation);
  const bool erases = operation.value == Value();
  const auto wrote = erases ? client_.erase(key, options)
                            : client_.put(key, std::to_string(operation.value.value()), options);
  operation.returned = moment_now();
  operation.outcome = wrote ? linearizability::Outcome::ok : outcome_of(wrote.error());
  if (wrote && is_conditional) operation.applied = wrote->outcome == Outcome::done;
  if (wrote && wrote->outcome == Outcome::done)
    operation.index = gms::model::Index(wrote->revision.value());
  if (operation.outcome == linearizability::Outcome::unknown)
    operation.returned = linearizability::kNever;
  if (wrote && operation.applied) seen_[operation.key.value()] = operation.value.value();
  if (!wrote) book_.note(wrote.error());
  book_.end(operation);
}

// ---- lists

void Lane::act_on_list() {
  const Key key = pick(kFirstList, settings_.lists);
  const auto list = read_list(key);
  if (list && random_() % 2 == 0) append(key, *list);
}

std::optional<client::Value> Lane::read_list(Key key) {
  ListOperation operation;
  operation.client = settings_.number;
  operation.key = key;
  operation.invoked = moment_now();
  book_.begin(operation);
  const auto got = read(key);
  operation.returned = moment_now();
  operation.outcome = got ? linearizability::Outcome::ok : linearizability::Outcome::failed;
  if (got) operation.seen = list_of(got->value);
  if (got) operation.index = got->applied;
  book_.end(operation);
  if (!got) return std::nullopt;
  return got->value.value_or(client::Value());
}

void Lane::append(Key key, const client::Value& list) {
  ListOperation operation;
  operation.client = settings_.number;
  operation.key = key;
  operation.action = ListAction::append;
  operation.element = fresh_value();
  const auto elements = list_of(list);
  if (!elements.empty()) operation.expected = elements.back();
  client::WriteOptions options;
  options.condition = client::IfRevision{list.revision};
  const std::string longer =
      list.bytes + (elements.empty() ? "" : " ") + std::to_string(operation.element.value());
  operation.invoked = moment_now();
  book_.begin(operation);
  const auto wrote = client_.put(name_of(key), longer, options);
  operation.returned = moment_now();
  operation.outcome = wrote ? linearizability::Outcome::ok : outcome_of(wrote.error());
  if (wrote) operation.applied = wrote->outcome == Outcome::done;
  if (wrote && operation.applied) operation.index = gms::model::Index(wrote->revision.value());
  if (operation.outcome == linearizability::Outcome::unknown)
    operation.returned = linearizability::kNever;
  if (!wrote) book_.note(wrote.error());
  book_.end(operation);
}

// ---- keys of its own

void Lane::write_own_key() {
  const std::string key =
      "own-" + std::to_string(settings_.number) + "-" + std::to_string(own_keys_++);
  const std::string value = "value of " + key;
  client::WriteOptions options;
  options.condition = client::IfAbsent{};
  const auto wrote = client_.put(key, value, options);
  if (!wrote) return book_.note(wrote.error());
  if (wrote->outcome == Outcome::done)
    book_.acknowledged(key, value);
  else
    book_.doubled(key);
}

}  // namespace tests::cluster
