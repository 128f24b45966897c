#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/core/config.hpp"
#include "gms/core/status.hpp"
#include "gms/model/application.hpp"
#include "gms/model/durable_state.hpp"
#include "gms/model/mark.hpp"
#include "gms/net/event_sink.hpp"
#include "gms/net/status.hpp"

namespace boost::asio {
class io_context;
}

namespace gms {

namespace net {
class Driver;
}

/// What a member promises to remember.
enum class Durability : std::uint8_t {
  /// Nothing delivered or acknowledged is lost while a quorum's disks survive.
  disk,
  /// Nothing outlives the process: a member that stops comes back as a new incarnation, and the
  /// group lives while a quorum of it runs.
  memory,
};

struct GroupOptions {
  Durability durability = Durability::disk;
  /// The member's data directory; unused with Durability::memory.
  std::filesystem::path directory;
  /// The member's name, unique in its group. With Durability::disk it is fixed by initialise().
  std::string name;
  /// Where other members reach this one, `host:port`. Port 0 takes any free port, but for the
  /// founder of a group on disk, whose address is written down before it listens.
  std::string listen_address = "127.0.0.1:0";
  /// What other members are told instead of the address listened on; empty for that itself.
  std::string advertise_address;
  /// Opaque bytes that every member sees in the view, kMemberInfoBytesMax at most.
  std::string info;
  /// Members to ask for admission, any of them; none founds a new group.
  std::vector<std::string> join_addresses;
  core::Config config;
  /// Sizes of the log on disk: of its segments, of the first one, which a start waits for, how many
  /// are made ahead, and the room on the disk below which nothing more is appended.
  std::uint64_t segment_bytes = 32 * 1024 * 1024;
  std::uint64_t first_segment_bytes = 1024 * 1024;
  std::size_t spare_segments = 2;
  std::uint64_t disk_reserve_bytes = 64 * 1024 * 1024;
  /// Room on the disk below which core::Status::disk_low says that there is little: a leader hands
  /// over to a member with more, and the log keeps nothing but what members that are up need. What
  /// is proposed is still ordered: to refuse what grows is the application's part. Zero for never.
  std::uint64_t disk_low_bytes = 0;
  /// Of all randomness of the protocol; drawn at random when not given.
  std::optional<std::uint64_t> seed;
  /// Bytes of proposals and multicasts that wait for the protocol to take them; more is refused as
  /// busy.
  std::size_t draft_bytes_max = 64 * 1024 * 1024;
  /// What this member asks for at most in a second when it fetches another's state; zero sets no
  /// limit.
  std::uint64_t transfer_bytes_per_second = 0;
  /// Others may still fetch a state that was taken here for so long after the last of them did.
  std::chrono::milliseconds snapshot_kept{60'000};
};

/// Hears from a Group. All calls come on the group's thread, one at a time, and never out of a call
/// of a Group's method. None may throw: what leaves one ends the process.
class GroupListener {
 public:
  virtual ~GroupListener() = default;

  /// The end of tickets first … first + count - 1 that no delivery or read_ready() will end.
  /// Without an error a proposal or multicast was delivered here, without its ticket, and what was
  /// asked of the group (leave, evict, maintenance, a transfer) is done. Otherwise:
  ///
  /// * `not_leader`, `busy`, `closed` (this member has left), `unavailable` (its state is out of
  ///   use): certainly not ordered, nothing is read, nothing is done. But a transfer that ends as
  ///   `unavailable`, since the other did not take over in time, may still happen;
  /// * `outcome_unknown`: it may have been ordered or done, or may still be;
  /// * of what was asked of the group also `not_found`, `conflict`, `invalid_argument`: refused,
  ///   for the reason that the error tells.
  ///
  /// `leader` is whom to ask instead, none if unknown.
  virtual void completed(model::Ticket first, std::uint64_t count,
                         const std::optional<model::Error>& error, model::MemberId leader) = 0;

  /// A read under `ticket` sees everything that was acknowledged before it was asked for once
  /// `index` is applied here.
  virtual void read_ready(model::Ticket ticket, model::Index index) = 0;

  /// The group is `view` from here on. Comes after Application::install().
  virtual void view_installed(const model::PlacedView& view) = 0;

  /// The application went over to the state of another member, by Application::restore(), in which
  /// `view` is in force. Views and deliveries up to there are part of it and do not come.
  virtual void restored(const model::PlacedView& view) { static_cast<void>(view); }

  /// The group stopped by itself: its storage failed or a rule of the protocol was broken. Nothing
  /// follows. With code `io` the process should end without a flush [C12].
  virtual void stopped(const model::Error& error) = 0;
};

/// What the log on disk has done since the start; all zero with Durability::memory.
struct StorageStatistics {
  /// Groups of orders that were made durable together, and how long that took: writing and syncing.
  std::uint64_t syncs = 0;
  std::chrono::nanoseconds sync_time_total{0};
  std::chrono::nanoseconds sync_time_max{0};
  /// Orders given and not yet durable.
  std::uint64_t queue_depth = 0;
  std::uint64_t bytes_written = 0;
  /// Segments in the directory after the last sync, those made ahead included, and their size.
  std::uint64_t segments = 0;
  std::uint64_t segment_bytes = 0;
};

/// Receives the end of one awaited request; called once, or destroyed uncalled when the group stops
/// first. gms/group_async.hpp makes one of any completion token of Boost.Asio.
template <class T>
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void complete(model::Result<T> result) = 0;
};

/// Makes an empty directory that of a new member: of a new group with this member alone, or, with
/// `join_addresses`, of one that will join. Blocks for its writes. Errors: invalid_argument (an
/// option), conflict (the directory is a member's already or is in use), not_found (it has no
/// parent), corrupt (a member ran there, and what names it is missing), busy (the disk has no
/// room), io.
[[nodiscard]] model::Result<model::Identity> initialise(const GroupOptions& options);

/// The same for the founder of a group that goes on from the state of another one, which the
/// application has, with `mark` stored beside it: the log begins behind that. Errors besides those
/// above: invalid_argument (there are addresses to join at).
[[nodiscard]] model::Result<model::Identity> initialise_from(const GroupOptions& options,
                                                             const model::Mark& mark);

/// Makes the member of a directory that nobody runs the founder of a new group, alone, which goes
/// on from all that its log has, committed or not [C28]. It is for a group that has lost a quorum
/// for good: what only others had is lost, and nobody else of the old group is let in any more.
/// The address and the info of `options` count only if no view of the log has the member's. When it
/// is interrupted the member is of a group that has no quorum, and it can be called again.
/// Errors: invalid_argument (an option), conflict (the directory is in use, or joined no group),
/// not_found, corrupt, io, busy.
[[nodiscard]] model::Result<model::Identity> found_anew(const GroupOptions& options);

/// A member of a group: uniform, totally ordered multicast and views, over a durable log.
///
/// Guarantee: integrity, uniform agreement and total order (docs/protocol.md); what is proposed is
/// ordered at most once; a member's multicasts are delivered in its order, exactly once for each
/// start of the process.
/// Thread rule: every method, every callback and the destructor on the thread that runs the
/// io_context. Nothing blocks but open(), stop() and the destructor.
/// Ownership: the io_context, the application, the listener and the sink outlive the group. The
/// group must not be destroyed from within a callback; stop() may be called there.
class Group {
 public:
  struct Ports {
    model::Application& application;
    GroupListener& listener;
    net::EventSink& events;
  };

  /// Recovers the member from its directory, checks it against what the application has stored,
  /// listens for its peers and starts; callbacks begin when the io_context runs. Errors:
  /// invalid_argument (an option or address), conflict (directory or port in use), not_found (the
  /// directory is not a member's), corrupt (log or application are not what was acknowledged: this
  /// incarnation must not start again), busy (the disk has no room for what a start writes), io.
  [[nodiscard]] static model::Result<std::unique_ptr<Group>> open(boost::asio::io_context& context,
                                                                  const GroupOptions& options,
                                                                  Ports ports);

  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  /// Orders `pieces`, concatenated, as one command, at most once; who does not lead passes it on to
  /// the leader, unless its settings say `forwards_commands = false`. It ends with the delivery
  /// that carries its ticket, or with completed(). Proposals of one turn of the event loop, and
  /// those made while the log is busy, leave as one batch. Errors, certainly not ordered:
  /// too_large, busy, closed.
  [[nodiscard]] model::Result<model::Ticket> propose(std::initializer_list<model::ByteSpan> pieces);

  /// Multicasts `body` in this member's order; it is sent again until it is delivered. It ends with
  /// the delivery that carries its ticket, or with completed(). Errors as of propose().
  [[nodiscard]] model::Result<model::Ticket> multicast(model::ByteSpan body);

  /// Asks for an index that a linearizable read must see applied; ends with read_ready() or
  /// completed(). All calls of one turn of the event loop share one ticket and one callback.
  /// Error: closed.
  [[nodiscard]] model::Result<model::Ticket> read_barrier();

  /// Takes `member` out of the group; self().id for this one. Ends with completed(). Error: closed.
  [[nodiscard]] model::Result<model::Ticket> leave(model::MemberId member);

  /// Takes a voter out of the group, which may come back at once if it is alive; one that is to go
  /// for good should leave. Ends with completed(): conflict or unavailable, with the reason, when
  /// it would hurt. Error: closed.
  [[nodiscard]] model::Result<model::Ticket> evict(model::MemberId member);

  /// Keeps `member` from being evicted for `ttl` from now at least; zero ends that. Ends with
  /// completed(). Error: closed.
  [[nodiscard]] model::Result<model::Ticket> set_maintenance(model::MemberId member,
                                                             model::Duration ttl);

  /// Asks the leader to hand over to `member`. Ends with completed(). Error: closed.
  [[nodiscard]] model::Result<model::Ticket> transfer_leadership(model::MemberId member);

  /// The application has found, outside of Application's calls, that its state is damaged. Where
  /// this member is not the only voter its state goes out of use, by Application::quarantine(), and
  /// another member's takes its place.
  void report_damage();

  /// One-shot ends of single tickets, besides the listener's calls. Precondition: the ticket was
  /// returned in this turn of the event loop, that is before any other handler ran: what ends
  /// earlier than it is waited for is never told.
  void when_delivered(model::Ticket ticket,
                      std::unique_ptr<Completion<model::Position>> completion);
  void when_readable(model::Ticket ticket, std::unique_ptr<Completion<model::Index>> completion);
  void when_done(model::Ticket ticket, std::unique_ptr<Completion<void>> completion);

  /// The group, directory identity and boot of this member; the group is none until it is known.
  [[nodiscard]] const model::Identity& identity() const;
  [[nodiscard]] model::BootSeq boot() const;
  /// This member as it stands or wants to stand in a view, with the address that it advertises.
  [[nodiscard]] const model::Member& self() const;
  /// The view installed last, or that of the state restored last; without members before the
  /// first.
  [[nodiscard]] const model::PlacedView& view() const;
  [[nodiscard]] core::Status status() const;
  [[nodiscard]] net::LinkStatistics link_statistics() const;
  [[nodiscard]] net::DriverStatistics driver_statistics() const;
  [[nodiscard]] StorageStatistics storage_statistics() const;
  /// What runs the group.
  [[nodiscard]] boost::asio::io_context& context() const;

  /// Ends in order: nothing is handed over, links close, the log carries out what it was given.
  /// Blocks for that. No callback comes after it. Idempotent.
  void stop();

 private:
  class Parts;
  explicit Group(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace gms
