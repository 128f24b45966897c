#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "gms/group.hpp"
#include "gms/group_parts.hpp"
#include "gms/log/new_member.hpp"
#include "gms/log/refounding.hpp"
#include "gms/net/address.hpp"
#include "gms/net/loop_log.hpp"

namespace gms {

using model::Error;
using model::ErrorCode;
using model::Result;

namespace {

Error invalid(std::string why) {
  return {ErrorCode::invalid_argument, std::move(why)};
}

std::uint64_t random_number() {
  std::random_device device;
  const std::uint64_t high = device();
  const std::uint64_t number = high << 32 | device();
  return number == 0 ? 1 : number;
}

model::GroupId random_group() {
  const std::uint64_t high = random_number();
  return {high, random_number()};
}

constexpr std::chrono::milliseconds kSnapshotKeptMax = std::chrono::hours(365 * 24);

Result<void> check_limit(const char* what, std::size_t size, std::size_t max) {
  if (size <= max) return {};
  return invalid(std::string(what) + " of " + std::to_string(size) + " bytes; the limit is " +
                 std::to_string(max));
}

Result<void> check_join_address(const std::string& address) {
  const auto parsed = net::parse_address(address);
  if (!parsed) return invalid("join: " + parsed.error().detail);
  if (parsed->port == 0) return invalid("join: nobody is reached at port 0 of " + address);
  return {};
}

Result<void> check(const GroupOptions& options) {
  if (auto checked = core::validate(options.config); !checked) return checked;
  for (const std::string& address : options.join_addresses)
    if (auto checked = check_join_address(address); !checked) return checked;
  const std::size_t advertised =
      std::max(options.advertise_address.size(), options.listen_address.size());
  if (auto checked = check_limit("info", options.info.size(), model::kMemberInfoBytesMax); !checked)
    return checked;
  if (auto checked = check_limit("address", advertised, model::kMemberAddressBytesMax); !checked)
    return checked;
  if (options.snapshot_kept > kSnapshotKeptMax) return invalid("snapshot_kept is at most a year");
  if (options.disk_low_bytes != 0 && options.disk_low_bytes <= options.disk_reserve_bytes)
    return invalid("disk_low_bytes must be larger than disk_reserve_bytes, or zero");
  // Besides entries an Append has some fields, which must fit into a frame with them.
  return check_limit("append_bytes_max", options.config.append_bytes_max,
                     model::kEntryPayloadBytesMax);
}

/// What other members are told, when the port that is listened on is known.
Result<std::string> advertised(const GroupOptions& options, const std::string& listens_at) {
  const std::string& address =
      options.advertise_address.empty() ? listens_at : options.advertise_address;
  const auto parsed = net::parse_address(address);
  if (!parsed) return parsed.error();
  if (parsed->port == 0) return invalid("members cannot be reached at port 0 of " + address);
  if (parsed->host == "0.0.0.0" || parsed->host == "::")
    return invalid("an address to advertise is needed besides " + address);
  return address;
}

/// A member as it begins: the founder of a group without addresses to join at.
Result<log::NewMember> new_member(const GroupOptions& options, const std::string& address) {
  if (options.name.empty()) return invalid("a member needs a name");
  if (auto checked = check_limit("name", options.name.size(), model::kMemberNameBytesMax); !checked)
    return checked.error();
  log::NewMember member;
  member.identity.self = {model::NodeId(random_number()), model::Incarnation(random_number())};
  member.identity.name = options.name;
  member.salt = log::LogSalt(random_number());
  if (!options.join_addresses.empty()) return member;
  member.identity.group = random_group();
  model::View view;
  view.seq = model::ViewSeq(1);
  view.members = {{member.identity.self, options.name, address, options.info}};
  view.up = {member.identity.self};
  view.floor = options.config.floor;
  view.voters_max = options.config.voters_max;
  view.cause = model::ViewCause::bootstrap;
  view.subject = member.identity.self;
  member.founding_view = std::move(view);
  return member;
}

core::Config engine_config(const GroupOptions& options) {
  core::Config out = options.config;
  // To trim costs a write on a disk, and nothing in memory, where what is kept too long is what
  // makes every message take memory that no cache holds.
  if (options.durability == Durability::memory) out.trim_gap = {};
  return out;
}

log::LogOptions log_options(const GroupOptions& options) {
  log::LogOptions out;
  out.segment_bytes = options.segment_bytes;
  out.first_segment_bytes = options.first_segment_bytes;
  out.spares = options.spare_segments;
  out.reserve_bytes = options.disk_reserve_bytes;
  out.low_bytes = options.disk_low_bytes;
  out.tail_bytes_max = options.config.tail_bytes_max;
  return out;
}

Result<std::optional<model::Mark>> open_state(model::Application& application,
                                              model::StateGeneration generation) {
  const auto stored = application.open(generation);
  if (!stored) return stored.error();
  if (!*stored) return std::optional<model::Mark>();
  auto mark = model::decode_mark(**stored);
  if (!mark) return mark.error();
  return std::optional(*std::move(mark));
}

/// What a member starts from: its log on disk, if it has one, and what it knows.
struct Restored {
  std::unique_ptr<log::LogStore> store;
  model::RestoredState state;
};

/// Recovers the directory and checks it against what the application has applied [I20].
Result<Restored> recover(log::FileSystem& files, const GroupOptions& options,
                         model::Application& application) {
  auto recovered = log::LogStore::recover(files, options.directory.string(), log_options(options));
  if (!recovered) return recovered.error();
  Restored out{std::move(recovered->store), std::move(recovered->state)};
  auto mark = open_state(application, out.state.state);
  if (!mark) return mark.error();
  if (*mark)
    if (auto checked = out.store->check_applied(**mark); !checked) return checked.error();
  if (!*mark && out.state.log.base.head.position.index != model::Index())
    return Error{ErrorCode::corrupt, "the application has nothing of what the log starts after"};
  out.state.applied = *std::move(mark);
  return out;
}

Result<Restored> begin_anew(const GroupOptions& options, const std::string& address,
                            model::Application& application) {
  const auto member = new_member(options, address);
  if (!member) return member.error();
  Restored out{nullptr, log::first_state(*member)};
  const auto mark = open_state(application, out.state.state);
  if (!mark) return mark.error();
  if (*mark) return Error{ErrorCode::conflict, "the application is that of an earlier member"};
  return out;
}

/// `mark` is where the application's state stands, if it has one.
Result<model::Identity> make_directory(const GroupOptions& options, const model::Mark* mark) {
  if (auto checked = check(options); !checked) return checked.error();
  if (options.durability == Durability::memory)
    return invalid("a member that keeps nothing on a disk needs no directory");
  // Who joins tells its address when it does.
  Result<std::string> address = std::string();
  if (options.join_addresses.empty()) address = advertised(options, options.listen_address);
  if (!address) return address.error();
  auto member = new_member(options, *address);
  if (!member) return member.error();
  if (mark != nullptr) {
    member->base = {mark->head, mark->view};
    member->founding_view->seq = mark->view.view.seq.next();
  }
  log::PosixFileSystem files;
  const auto made =
      log::initialise(files, options.directory.string(), *member, log_options(options));
  if (!made) return made.error();
  return member->identity;
}

net::LinkSettings link_settings(const model::RestoredState& state, const std::string& address,
                                const GroupOptions& options, std::uint64_t seed) {
  net::LinkSettings links;
  links.group = state.identity.group;
  links.self = state.identity.self;
  links.boot = state.boot;
  links.advertised_address = address;
  links.seed = seed;
  // A leader's whole window to a follower may wait in its link.
  links.send_queue_bytes_max =
      std::max(links.send_queue_bytes_max, 2 * options.config.inflight_bytes_max);
  return links;
}

net::TransferSettings transfer_settings(const model::RestoredState& state,
                                        const GroupOptions& options, std::uint64_t seed) {
  net::TransferSettings transfer;
  transfer.group = state.identity.group;
  transfer.self = state.identity.self;
  transfer.boot = state.boot;
  transfer.seed = seed;
  transfer.bytes_per_second = options.transfer_bytes_per_second;
  transfer.kept_after_release = options.snapshot_kept;
  return transfer;
}

}  // namespace

Result<model::Identity> initialise(const GroupOptions& options) {
  return make_directory(options, nullptr);
}

Result<model::Identity> initialise_from(const GroupOptions& options, const model::Mark& mark) {
  if (!options.join_addresses.empty())
    return invalid("a group that begins with a state is founded, not joined");
  return make_directory(options, &mark);
}

Result<model::Identity> found_anew(const GroupOptions& options) {
  if (auto checked = check(options); !checked) return checked.error();
  const auto address = advertised(options, options.listen_address);
  if (!address) return address.error();
  log::PosixFileSystem files;
  return log::refound(files, options.directory.string(), {random_group(), *address, options.info},
                      log_options(options));
}

Result<std::unique_ptr<Group>> Group::open(boost::asio::io_context& context,
                                           const GroupOptions& options, Ports ports) {
  if (auto checked = check(options); !checked) return checked.error();
  auto files = std::make_unique<log::PosixFileSystem>();
  Restored restored;
  if (options.durability == Durability::disk) {
    auto found = recover(*files, options, ports.application);
    if (!found) return found.error();
    restored = *std::move(found);
  }
  auto acceptor = net::listen_at(context, options.listen_address);
  if (!acceptor) return acceptor.error();
  const auto address = advertised(options, net::to_string(acceptor->local_endpoint()));
  if (!address) return address.error();
  if (options.durability == Durability::memory) {
    auto begun = begin_anew(options, *address, ports.application);
    if (!begun) return begun.error();
    restored = *std::move(begun);
  }

  const model::RestoredState& state = restored.state;
  const model::Member self{state.identity.self, state.identity.name, *address, options.info};
  const std::uint64_t seed = options.seed.value_or(random_number());
  net::Driver::Settings settings{{engine_config(options), self, options.join_addresses, seed},
                                 state,
                                 link_settings(state, *address, options, seed),
                                 transfer_settings(state, options, seed),
                                 options.draft_bytes_max};
  const model::PlacedView view = state.applied ? state.applied->view : model::PlacedView();
  Parts::Start start{self, state.identity, state.boot, view, std::move(files)};
  auto parts = std::make_unique<Parts>(context, std::move(start), ports.listener);
  const auto make_log = [&](model::LogListener& listener) -> std::unique_ptr<model::Log> {
    if (!restored.store)
      return std::make_unique<net::LoopLog>(context, std::move(restored.state.log), listener);
    auto log = std::make_unique<log::DurableLog>(std::move(restored.store), listener,
                                                 log::DurableLog::Options());
    parts->durable_log = log.get();
    return log;
  };
  parts->driver = net::Driver::start(context, std::move(settings), *std::move(acceptor), make_log,
                                     {ports.application, *parts, ports.events});
  return std::unique_ptr<Group>(new Group(std::move(parts)));
}

}  // namespace gms
