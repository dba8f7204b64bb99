// Frontends, backends and servers as samples (manual 7.3.2).
#include "rules/fetch/families.h"
#include "rules/fetch/number.h"

namespace evenkeel::rules::fetch {
namespace {

constexpr FetchSpec kFetches[] = {
    {"avg_queue", "[s", SampleType::sint, scope::kInternal, number<Number::avg_queue>},
    {"be_conn", "[s", SampleType::sint, scope::kInternal, number<Number::be_conn>},
    {"be_conn_free", "[s", SampleType::sint, scope::kInternal, number<Number::be_conn_free>},
    {"be_sess_rate", "[s", SampleType::sint, scope::kInternal, number<Number::be_sess_rate>},
    {"be_id", "", SampleType::sint, scope::kBackend, number<Number::be_id>},
    {"be_name", "", SampleType::str, scope::kBackend, text<Text::be_name>},
    {"be_server_timeout", "", SampleType::sint, scope::kBackend, number<Number::be_server_timeout>},
    {"be_tunnel_timeout", "", SampleType::sint, scope::kBackend, number<Number::be_tunnel_timeout>},
    {"be_connect_timeout", "", SampleType::sint, scope::kBackend, number<Number::be_connect_timeout>},
    {"be_queue_timeout", "", SampleType::sint, scope::kBackend, number<Number::be_queue_timeout>},
    {"be_tarpit_timeout", "", SampleType::sint, scope::kBackend, number<Number::be_tarpit_timeout>},
    {"be_max_retries", "", SampleType::sint, scope::kBackend, number<Number::be_max_retries>},
    {"connslots", "[s", SampleType::sint, scope::kInternal, number<Number::connslots>},
    {"dst_conn", "", SampleType::sint, scope::kFrontend, number<Number::dst_conn>},
    {"fe_client_timeout", "", SampleType::sint, scope::kFrontend, number<Number::fe_client_timeout>},
    {"fe_tarpit_timeout", "", SampleType::sint, scope::kFrontend, number<Number::fe_tarpit_timeout>},
    {"fe_conn", "[s", SampleType::sint, scope::kInternal, number<Number::fe_conn>},
    {"fe_defbe", "", SampleType::str, scope::kFrontend, text<Text::fe_default_backend>},
    {"fe_id", "", SampleType::sint, scope::kFrontend, number<Number::fe_id>},
    {"fe_name", "", SampleType::str, scope::kFrontend, text<Text::fe_name>},
    {"fe_req_rate", "[s", SampleType::sint, scope::kInternal, number<Number::fe_req_rate>},
    {"fe_sess_rate", "[s", SampleType::sint, scope::kInternal, number<Number::fe_sess_rate>},
    {"nbsrv", "[s", SampleType::sint, scope::kInternal, number<Number::nbsrv>},
    {"queue", "[s", SampleType::sint, scope::kInternal, number<Number::queue>},
    {"so_id", "", SampleType::sint, scope::kFrontend, number<Number::so_id>},
    {"so_name", "", SampleType::str, scope::kFrontend, text<Text::so_name>},
    {"srv_conn", "s", SampleType::sint, scope::kInternal, number<Number::srv_conn>},
    {"srv_conn_free", "s", SampleType::sint, scope::kInternal, number<Number::srv_conn_free>},
    {"srv_id", "", SampleType::sint, scope::kServer, number<Number::srv_id>},
    {"srv_is_up", "s", SampleType::boolean, scope::kInternal, truth<Number::srv_is_up>},
    {"srv_iweight", "s", SampleType::sint, scope::kInternal, number<Number::srv_iweight>},
    {"srv_name", "", SampleType::str, scope::kServer, text<Text::srv_name>},
    {"srv_queue", "s", SampleType::sint, scope::kInternal, number<Number::srv_queue>},
    {"srv_sess_rate", "s", SampleType::sint, scope::kInternal, number<Number::srv_sess_rate>},
    {"srv_uweight", "s", SampleType::sint, scope::kInternal, number<Number::srv_uweight>},
    {"srv_weight", "s", SampleType::sint, scope::kInternal, number<Number::srv_weight>},
    {"cur_client_timeout", "", SampleType::sint, scope::kFrontend, number<Number::cur_client_timeout>},
    {"cur_server_timeout", "", SampleType::sint, scope::kBackend, number<Number::cur_server_timeout>},
    {"cur_tunnel_timeout", "", SampleType::sint, scope::kBackend, number<Number::cur_tunnel_timeout>},
    {"cur_connect_timeout", "", SampleType::sint, scope::kBackend, number<Number::cur_connect_timeout>},
    {"cur_queue_timeout", "", SampleType::sint, scope::kBackend, number<Number::cur_queue_timeout>},
    {"cur_tarpit_timeout", "", SampleType::sint, scope::kClient, number<Number::cur_tarpit_timeout>},
    {"cur_max_retries", "", SampleType::sint, scope::kBackend, number<Number::cur_max_retries>},
};

}  // namespace

std::span<const FetchSpec> proxies() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
