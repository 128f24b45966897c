#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/endpoint.hpp"
#include "kvstore/api/inspection.hpp"

namespace client {

/// The members that a client knows: those it was given, and those that the view names.
class EndpointBook {
 public:
  /// A call remembers whom it has asked in 64 bits. Addresses beyond that are not learned.
  static constexpr std::size_t kEndpointsMax = 64;

  explicit EndpointBook(const std::vector<std::string>& addresses);

  /// The endpoint at that address, added if it is new. Null when there are too many.
  [[nodiscard]] Endpoint* at(std::string_view address);
  [[nodiscard]] Endpoint& operator[](std::size_t index) { return *endpoints_[index]; }

  [[nodiscard]] auto begin() const { return endpoints_.begin(); }
  [[nodiscard]] auto end() const { return endpoints_.end(); }

  /// Adds the voters of the view and their names.
  void learn(const gms::model::View& view);

  /// What is wrong, for people: who cannot be reached and why. Empty when a quorum can be.
  [[nodiscard]] std::string missing(Clock::time_point now) const;

 private:
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  /// The voters of the latest view, as endpoints. Empty before one is known.
  std::vector<const Endpoint*> voters_;
  gms::model::ViewSeq view_seq_;
};

}  // namespace client
