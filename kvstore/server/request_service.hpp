#pragma once

#include <deque>
#include <map>
#include <string>

#include "kvstore/api/inspection.hpp"
#include "kvstore/server/read_desk.hpp"
#include "kvstore/server/write_desk.hpp"

namespace kvstore::server {

/// What the service wants of the group.
class Ordering {
 public:
  virtual ~Ordering() = default;
  /// As Group::propose(), Group::read_barrier().
  [[nodiscard]] virtual gms::model::Result<gms::model::Ticket> propose(
      gms::model::ByteSpan command) = 0;
  [[nodiscard]] virtual gms::model::Result<gms::model::Ticket> read_barrier() = 0;
  /// Asks for what an operator wants done. Errors: not_found (no member of that name), closed.
  [[nodiscard]] virtual gms::model::Result<gms::model::Ticket> administer(
      const api::AdminQuery& query) = 0;
};

/// Tells about the member, the group and what happened.
class Inspection {
 public:
  virtual ~Inspection() = default;
  [[nodiscard]] virtual api::StatusReply status() const = 0;
  [[nodiscard]] virtual api::MembersReply members() const = 0;
  [[nodiscard]] virtual api::EventsReply events(const api::EventsQuery& query) const = 0;
  [[nodiscard]] virtual api::ViewsReply views() const = 0;
  /// What clients need to find that member; empty for one that is not in the view.
  [[nodiscard]] virtual MemberContact contact(gms::model::MemberId member) const = 0;
};

enum class LeaderPlace : std::uint8_t { unknown, here, elsewhere };

/// What decides whether a request can be served here.
struct Standing {
  LeaderPlace place = LeaderPlace::unknown;
  /// Who leads, when it is elsewhere.
  MemberContact leader;
  /// Whom this member misses while nobody leads, for people.
  std::string missing;
  /// Why writes are refused, for people; empty when they are not.
  std::string refusing_writes;
  /// Why only writes that add nothing are taken, for people; empty when all are.
  std::string refusing_growth;

  friend bool operator==(const Standing&, const Standing&) = default;
};

/// Carries out the requests of clients, and knows nothing of sockets or of time but what it is
/// told.
///
/// Guarantee: each request is answered once, or its client is told nothing after its own deadline.
/// A request that needs the leader is answered with its address when another member leads; while
/// nobody does it is held, within bounds, and goes on the moment it is known who leads. What was
/// answered with any other error than outcome_unknown was not ordered [C27].
/// Thread rule: the group's thread. Ownership: borrows what it is given.
class RequestService {
 public:
  struct Parts {
    replica::Replica& replica;
    WriteDesk& writes;
    Answers& answers;
    Ordering& ordering;
    const Inspection& inspection;
  };

  RequestService(const Parts& parts, const ServiceLimits& limits);

  /// Precondition: the origin's request is the request's. Borrows the body for the call.
  void take(const Origin& origin, const api::Request& request, gms::model::Instant now);

  /// Who leads, and whether writes are taken, from now on. What was held is looked at again.
  void stand(Standing standing, gms::model::Instant now);
  [[nodiscard]] const Standing& standing() const { return standing_; }

  /// Whether the replica may be used, from now on.
  void serve_state(StateUse use) { reads_.serve_state(use); }

  /// The client is gone: its ranges end.
  void on_closed(ConnectionKey connection);
  /// As GroupListener's.
  void on_read_ready(gms::model::Ticket ticket, gms::model::Instant now);
  /// Serves more of the reads that may be served. To be called in the next turn of the event loop
  /// while reads().has_passed().
  void serve_reads(gms::model::Instant now) { reads_.serve_passed(now); }
  void on_completed(gms::model::Ticket first, std::uint64_t count,
                    const std::optional<gms::model::Error>& error, gms::model::MemberId leader);
  /// The replica has applied more.
  void on_applied(gms::model::Instant now) { reads_.on_applied(now); }

  /// Answers what was held for too long. To be called every few milliseconds.
  void expire(gms::model::Instant now);
  /// Answers everything that is held: the server stops.
  void refuse_held(const gms::model::Error& error);

  /// What requests have found to be damaged since this was asked.
  [[nodiscard]] std::optional<gms::model::Error> take_damage() { return reads_.take_damage(); }

  [[nodiscard]] std::size_t held() const { return held_.size(); }
  [[nodiscard]] const ReadDesk& reads() const { return reads_; }

 private:
  struct Held {
    Origin origin;
    api::RequestKind kind = api::RequestKind::write;
    gms::model::Instant deadline;
    api::Revision revision_min;
    gms::model::Bytes body;
  };
  /// A request that needs the leader, checked.
  struct Leading {
    Origin origin;
    api::RequestKind kind = api::RequestKind::write;
    gms::model::Instant deadline;
    api::Revision revision_min;
    gms::model::ByteSpan body;
  };

  void take_status(const Origin& origin);
  void take_write(const Origin& origin, const api::Request& request, gms::model::Instant now);
  void take_read(const Origin& origin, const api::Request& request, gms::model::Instant now);
  void take_page(const Origin& origin, const api::Request& request, gms::model::Instant now);
  void take_close_cursor(const Origin& origin, const api::Request& request);
  void take_digest(const Origin& origin, const api::Request& request);
  void take_events(const Origin& origin, const api::Request& request);
  void take_admin(const Origin& origin, const api::Request& request);

  /// Carries the request out, answers whom to ask, or holds it.
  void lead(const Leading& request);
  void propose(const Leading& request);
  void read(const Leading& request);
  void hold(const Leading& request);
  void fail(const Origin& origin, const gms::model::Error& error);
  /// Fails as `busy` what must wait for room on a disk.
  void fail_for_room(const Origin& origin, const std::string& why);
  /// Fails the request if the replica is out of use.
  [[nodiscard]] bool refuses_state(const Origin& origin);
  template <class Reply>
  void answer(const Origin& origin, const Reply& reply);
  [[nodiscard]] gms::model::Instant deadline_of(const api::Request& request,
                                                gms::model::Instant now) const;

  Parts parts_;
  ServiceLimits limits_;
  ReadDesk reads_;
  Standing standing_;
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
  /// Who waits for an operator's request.
  std::map<gms::model::Ticket, Origin> admins_;
  gms::model::ByteWriter reply_;
};

}  // namespace kvstore::server
