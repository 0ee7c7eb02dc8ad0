package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// fromEnvironment sets the flags that were not given from the environment: --data-dir from ROWAN_DATA_DIR.
func fromEnvironment(flags *pflag.FlagSet) (err error) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		value, set := os.LookupEnv(name)
		if !set || f.Changed || err != nil || f.Name == "help" {
			return
		}
		if serr := flags.Set(f.Name, value); serr != nil {
			err = fmt.Errorf("%s: %w", name, serr)
		}
	})
	return err
}

// variable is the name of a flag's environment variable.
func variable(flag string) string {
	return "ROWAN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// superuserPassword is the password for a first start. It is no flag: those show in lists of processes.
func superuserPassword() string { return os.Getenv("ROWAN_PASSWORD") }

// newLog makes the log of a server.
func newLog(level string, w io.Writer) (*zap.Logger, error) {
	l, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("--log-level must be debug, info, warn or error, not %q", level)
	}
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.EncodeLevel = zapcore.CapitalLevelEncoder
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(cfg), zapcore.Lock(zapcore.AddSync(w)), l)), nil
}
