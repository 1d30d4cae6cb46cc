// load.cc: calls of a gRPC server, so many in flight at a time, for so many seconds. Prints what tools/load's
// programs print: the calls that were answered OK, the seconds, p50 and p99 in microseconds.
//
//   load CASE PORT IN_FLIGHT SECONDS ORDERS, with API_KEY in the environment
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "orders/v1/orders.grpc.pb.h"

namespace
{

using Clock = std::chrono::steady_clock;
using grpc::ClientContext;
using grpc::CompletionQueue;
using orders::v1::OrderService;

constexpr size_t kChannels = 4;
constexpr int kStatuses = 7, kCurrencies = 11, kDays = 100;
constexpr int64_t kFirstDay = 1735689600; // 2025-01-01
const char *const kCodes[kCurrencies] = {"AUD", "CAD", "CHF", "DKK", "EUR", "GBP",
                                         "ISK", "JPY", "NOK", "SEK", "USD"};

std::mt19937_64 randomness{std::random_device{}()};

uint64_t Below(uint64_t bound)
{
    return randomness() % bound;
}

// One call under way, whatever its method.
struct Call {
    ClientContext context;
    grpc::Status status;
    Clock::time_point begun = Clock::now();
    virtual ~Call() = default;
};

template <typename Response> struct Answered final : Call {
    Response response;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
};

class Load
{
  public:
    Load(const std::string &address, const char *key, uint64_t orders) : key_(key), orders_(orders)
    {
        for (size_t i = 0; i < kChannels; i++) {
            grpc::ChannelArguments arguments;
            arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
            stubs_.push_back(OrderService::NewStub(
                grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
        }
    }

    int Run(const std::string &name, int in_flight, double seconds)
    {
        const auto begin = Beginners().find(name);
        if (begin == Beginners().end())
            return EXIT_FAILURE;
        const Clock::time_point start = Clock::now();
        const Clock::time_point end =
            start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
        for (int i = 0; i < in_flight; i++)
            (this->*begin->second)();
        int under_way = in_flight;
        void *tag;
        bool ok;
        while (under_way > 0 && queue_.Next(&tag, &ok)) {
            const std::unique_ptr<Call> call(static_cast<Call *>(tag));
            if (!call->status.ok()) {
                std::fprintf(stderr, "%s: %s\n", name.c_str(), call->status.error_message().c_str());
                return EXIT_FAILURE;
            }
            const Clock::time_point now = Clock::now();
            latencies_.push_back(std::chrono::duration<double, std::micro>(now - call->begun).count());
            if (now < end)
                (this->*begin->second)();
            else
                under_way--;
        }
        Print(std::chrono::duration<double>(Clock::now() - start).count());
        return EXIT_SUCCESS;
    }

  private:
    using Beginner = void (Load::*)();

    static const std::map<std::string, Beginner> &Beginners()
    {
        static const std::map<std::string, Beginner> beginners = {{"get", &Load::Get},
                                                                  {"create", &Load::Create},
                                                                  {"update", &Load::Update},
                                                                  {"list", &Load::List},
                                                                  {"summary", &Load::Summary}};
        return beginners;
    }

    template <typename Response, typename Request, typename Method>
    void Begin(const Request &request, Method method)
    {
        auto *call = new Answered<Response>; // freed when it comes back as a tag of the queue
        call->context.AddMetadata("x-api-key", key_);
        call->reader = (stubs_[next_++ % kChannels].get()->*method)(&call->context, request, &queue_);
        call->reader->Finish(&call->response, &call->status, static_cast<Call *>(call));
    }

    std::string Known()
    {
        return "bench-" + std::to_string(1 + Below(orders_));
    }

    void Get()
    {
        orders::v1::GetOrderRequest request;
        request.set_order_id(Known());
        Begin<orders::v1::Order>(request, &OrderService::Stub::AsyncGetOrder);
    }

    void Create()
    {
        orders::v1::CreateOrderRequest request;
        orders::v1::Order *order = request.mutable_order();
        order->set_order_id("new-" + std::to_string(randomness()));
        order->set_customer_id("customer-" + std::to_string(1 + Below(1000)));
        order->mutable_order_date()->set_seconds(kFirstDay + 86400 * static_cast<int64_t>(Below(kDays)));
        order->set_total_amount(static_cast<int64_t>(1 + Below(100000)));
        order->set_currency(kCodes[Below(kCurrencies)]);
        Begin<orders::v1::Order>(request, &OrderService::Stub::AsyncCreateOrder);
    }

    void Update()
    {
        orders::v1::UpdateOrderRequest request;
        request.mutable_order()->set_order_id(Known());
        request.mutable_order()->set_status(static_cast<orders::v1::OrderStatus>(1 + Below(kStatuses)));
        request.mutable_update_mask()->add_paths("status");
        Begin<orders::v1::Order>(request, &OrderService::Stub::AsyncUpdateOrder);
    }

    void List()
    {
        Begin<orders::v1::ListOrdersResponse>(orders::v1::ListOrdersRequest(),
                                              &OrderService::Stub::AsyncListOrders);
    }

    void Summary()
    {
        Begin<orders::v1::OrderSummary>(orders::v1::GetOrderSummaryRequest(),
                                        &OrderService::Stub::AsyncGetOrderSummary);
    }

    void Print(double seconds)
    {
        std::sort(latencies_.begin(), latencies_.end());
        const size_t n = latencies_.size();
        std::printf("{\"requests\": %zu, \"seconds\": %f, \"p50_us\": %f, \"p99_us\": %f}\n", n, seconds,
                    latencies_[n / 2], latencies_[n * 99 / 100]);
    }

    const std::string key_;
    const uint64_t orders_;
    std::vector<std::unique_ptr<OrderService::Stub>> stubs_;
    CompletionQueue queue_;
    size_t next_ = 0;
    std::vector<double> latencies_;
};

} // namespace

int main(int argc, char **argv)
{
    const char *key = std::getenv("API_KEY");
    if (argc != 6 || key == nullptr)
        return EXIT_FAILURE;
    Load load(std::string("127.0.0.1:") + argv[2], key, std::strtoull(argv[5], nullptr, 10));
    return load.Run(argv[1], std::atoi(argv[3]), std::atof(argv[4]));
}
