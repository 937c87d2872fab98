module smtppool.io/hack/pause

go 1.25.0
