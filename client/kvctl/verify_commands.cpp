#include <set>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/membership.hpp"
#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::Index;
using std::chrono::milliseconds;

constexpr milliseconds kAskEvery{20};
/// How long a replica may take to come to the digest's index, and a deep one to make headway.
constexpr milliseconds kPatience{15'000};

/// The digest that the member took at `index`, once it is ready.
Result<api::DigestReply> digest_of(client::Client& client, const gms::model::Member& member,
                                   Index index) {
  auto limit = client::Clock::now() + kPatience;
  std::uint64_t rows = 0;
  while (true) {
    auto reply = client.digest(member.info, index);
    if (!reply || reply->state == api::DigestState::ready) return reply;
    if (reply->state == api::DigestState::missing)
      return Error{ErrorCode::unavailable,
                   "it has no digest of index " + std::to_string(index.value())};
    if (reply->rows > rows) limit = client::Clock::now() + kPatience;
    rows = reply->rows;
    if (client::Clock::now() > limit)
      return Error{ErrorCode::unavailable,
                   reply->state == api::DigestState::unknown
                       ? "it does not come to index " + std::to_string(index.value())
                       : "its digest makes no headway"};
    pause_for(kAskEvery);
  }
}

struct Verified {
  std::string name;
  Result<api::DigestReply> digest;
};

void print(Context& context, const std::vector<Verified>& members, Index index) {
  Table table{{"name", "index", "rolling", "deep", "state"}, {}};
  for (const Verified& member : members) {
    std::vector<Cell> row{member.name, index.value()};
    if (member.digest) {
      const bool deep = member.digest->depth == api::DigestDepth::deep;
      row.emplace_back(to_hex(member.digest->rolling.value()));
      row.push_back(deep ? Cell(to_hex(member.digest->deep.value())) : Cell());
      row.emplace_back(std::string("ok"));
    } else {
      row.insert(row.end(), {Cell(), Cell(), Cell(member.digest.error().detail)});
    }
    table.rows.push_back(std::move(row));
  }
  context.printer().print(table, "members");
}

Result<ExitCode> judge(Context& context, const std::vector<Verified>& members) {
  std::set<std::pair<api::Digest, api::Digest>> found;
  std::string missing;
  for (const Verified& member : members) {
    if (member.digest)
      found.emplace(member.digest->rolling, member.digest->deep);
    else
      missing += (missing.empty() ? "" : ", ") + member.name + ": " + member.digest.error().detail;
  }
  if (found.size() > 1)
    return Error{ErrorCode::corrupt, "the replicas differ: one of them has diverged"};
  if (!missing.empty())
    return Error{ErrorCode::unavailable, "not all replicas were compared (" + missing + ")"};
  context.note("all " + std::to_string(members.size()) + " replicas are equal");
  return ExitCode::done;
}

Result<ExitCode> run_verify(Context& context) {
  const auto depth =
      context.arguments().has("deep") ? api::DigestDepth::deep : api::DigestDepth::rolling;
  // Replicas that are behind are waited for.
  client::Client& client = context.transfer_client();
  const auto known = client.members();
  if (!known) return known.error();
  const auto index = client.take_digest(depth);
  // Whether it was taken does not matter: it changes nothing that a user sees.
  if (!index && index.error().code == ErrorCode::outcome_unknown)
    return Error{ErrorCode::unavailable, index.error().detail};
  if (!index) return index.error();
  std::vector<Verified> members;
  for (const auto& member : members_by_name(known->view.view))
    members.push_back({member.name, digest_of(client, member, *index)});
  print(context, members, *index);
  return judge(context, members);
}

}  // namespace

std::vector<Command> verify_commands() {
  return {{"verify",
           "Compare the digests of all replicas at one index",
           Effect::reads,
           {},
           {{"--deep", OptionKind::flag, "Hash all data as read from the stores, too", ""}},
           run_verify}};
}

}  // namespace kvctl
